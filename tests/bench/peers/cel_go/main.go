// cel-go over the same workload. Usage: cel_go FOLDER; writes FOLDER/cel_go.bin, prints JSON.
package main

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types/ref"
)

type expression struct{ Id, Cel string }

type workload struct {
	Facts        map[string]string
	Outcomes     []string
	Parameters   map[string]any
	Rules, Terms []expression
	Context      map[string]any
	Offers       []map[string]any
}

// typed gives JSON's numbers the types of the facts.
func (w *workload) typed(space string, facts map[string]any) map[string]any {
	result := map[string]any{}
	for name, value := range facts {
		switch w.Facts[space+"."+name] {
		case "i64":
			result[name] = int64(value.(float64))
		case "string[]":
			texts := []string{}
			for _, text := range value.([]any) {
				texts = append(texts, text.(string))
			}
			result[name] = texts
		default:
			result[name] = value
		}
	}
	return result
}

func (w *workload) activation(context map[string]any, offer map[string]any) map[string]any {
	spaces := map[string]any{"ctx": context, "offer": w.typed("offer", offer), "param": w.Parameters}
	for _, path := range w.Outcomes {
		space, name, _ := strings.Cut(path, ".")
		if spaces[space] == nil {
			spaces[space] = map[string]any{}
		}
		spaces[space].(map[string]any)[name] = offer[space+"_"+name]
	}
	return spaces
}

func must[T any](value T, err error) T {
	if err != nil {
		fmt.Fprintln(os.Stderr, "cel_go:", err)
		os.Exit(1)
	}
	return value
}

func compile(environment *cel.Env, all []expression) []cel.Program {
	programs := []cel.Program{}
	for _, one := range all {
		ast, issues := environment.Compile(one.Cel)
		must(ast, issues.Err())
		programs = append(programs, must(environment.Program(ast, cel.EvalOptions(cel.OptOptimize))))
	}
	return programs
}

func evaluate(program cel.Program, offer map[string]any) ref.Val {
	value, _, err := program.Eval(offer)
	return must(value, err)
}

func times(calls int, call func()) (median, least float64) {
	spent := []float64{}
	for i := 0; i < 2*calls; i++ {
		start := time.Now()
		call()
		if i >= calls {
			spent = append(spent, float64(time.Since(start).Nanoseconds())/1000)
		}
	}
	sort.Float64s(spent)
	return spent[len(spent)/2], spent[0]
}

func main() {
	folder := os.Args[1]
	var w workload
	text := must(os.ReadFile(filepath.Join(folder, "workload.json")))
	must(0, json.Unmarshal(text, &w))
	mapType := cel.MapType(cel.StringType, cel.DynType)
	environment := must(cel.NewEnv(cel.Variable("ctx", mapType), cel.Variable("offer", mapType),
		cel.Variable("param", mapType), cel.Variable("p", mapType), cel.Variable("reach", mapType),
		cel.Variable("value", mapType)))
	rules, terms := compile(environment, w.Rules), compile(environment, w.Terms)
	context := w.typed("ctx", w.Context)
	offers := []map[string]any{}
	for _, offer := range w.Offers {
		offers = append(offers, w.activation(context, offer))
	}

	firstTerm := (len(offers)*len(rules) + 7) / 8 * 8
	results := make([]byte, firstTerm+len(offers)*len(terms)*8)
	for row, offer := range offers {
		for i, rule := range rules {
			if evaluate(rule, offer).Value().(bool) {
				results[i*len(offers)+row] = 1
			}
		}
		for i, term := range terms {
			value := evaluate(term, offer).Value().(float64)
			binary.LittleEndian.PutUint64(results[firstTerm+(i*len(offers)+row)*8:], math.Float64bits(value))
		}
	}
	must(0, os.WriteFile(filepath.Join(folder, "cel_go.bin"), results, 0o644))

	median, least := times(15, func() {
		for _, offer := range offers {
			for _, rule := range rules {
				evaluate(rule, offer)
			}
			for _, term := range terms {
				evaluate(term, offer)
			}
		}
	})
	two_hundred := []expression{}
	for len(two_hundred) < 200 {
		two_hundred = append(two_hundred, w.Rules...)
	}
	compiled, _ := times(5, func() { compile(environment, two_hundred) })
	fmt.Printf("{\"run_us\": %.1f, \"least_us\": %.1f, \"compile_200_us\": %.1f}\n", median, least, compiled)
}
