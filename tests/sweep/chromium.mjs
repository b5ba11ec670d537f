// Replays drawn cases in Chromium: node chromium.mjs FILE simd128|relaxed.
import { launch, serve } from "../browser/chromium.mjs";
import { replayCases } from "./replay.mjs";

const [file, kernel] = process.argv.slice(2);
// The example's page, whose bundle is the file of cases: its own ranking fails, and does no harm.
const server = await serve(file, file);
const browser = await launch();
try {
  const page = await browser.newPage();
  await page.goto(server.address);
  await page.waitForSelector("body[data-done]");
  const answer = await page.evaluate(replayCases, {
    packageAddress: "/guardrank/index.js", casesAddress: "/bundle.guardrank", kernel,
  });
  if (answer.kernel !== `wasm_${kernel}`) throw new Error(`Chromium took ${answer.kernel}`);
  console.log(answer.lines.join("\n"));
} finally {
  await browser.close();
  await server.stop();
}
