// Processor time of a page, from Linux: what its renderer process has used, by all its threads. Other
// work on the machine stretches times of the wall clock many times over, and this hardly.
import { readdirSync, readFileSync } from "node:fs";

/** Microseconds of processor time that the process has used. */
export function processorMicros(pid) {
  const folder = `/proc/${pid}/task`;
  let nanoseconds = 0;
  for (const thread of readdirSync(folder)) {
    try {
      nanoseconds += Number(readFileSync(`${folder}/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch (failure) {
      if (failure.code !== "ENOENT" && failure.code !== "ESRCH") throw failure;
    }
  }
  return nanoseconds / 1000;
}

async function renderers(browser) {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    return processInfo.filter(({ type }) => type === "renderer").map(({ id }) => id);
  } finally {
    await session.detach();
  }
}

/** Microseconds of processor time of the process's main thread, where a page's code runs. */
export function mainThreadMicros(pid) {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8").split(" ")[0]) / 1000;
}

/** Work of a tenth of a second or more of processor time, however long that takes. */
function work() {
  let value = 1;
  for (let step = 0; step < 2e8; step++) value = (Math.imul(value, 1103515245) + step) | 0;
  return value;
}

/**
 * The process of a page: the renderer whose main thread works while the page does. Others may work
 * too (they finish compiling); that it stands out is required, and asked for again if it does not.
 */
export async function processOf(browser, page) {
  for (let attempt = 0; attempt < 5; attempt++) {
    const before = (await renderers(browser)).map((pid) => [pid, mainThreadMicros(pid)]);
    await page.evaluate(work);
    const used = before.map(([pid, micros]) => [pid, mainThreadMicros(pid) - micros]);
    const [first, second = [0, 0]] = used.toSorted((a, b) => b[1] - a[1]);
    if (first[1] > 50_000 && first[1] > 3 * second[1]) return first[0];
  }
  throw new Error("cannot tell which process is the page's");
}
