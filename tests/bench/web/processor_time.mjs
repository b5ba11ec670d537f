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

/** The process of a page: the renderer that works while the page does (some wait as spares). */
export async function processOf(browser, page) {
  const before = (await renderers(browser)).map((pid) => [pid, processorMicros(pid)]);
  await page.evaluate(() => {
    for (const end = performance.now() + 100; performance.now() < end;);
  });
  const used = before.map(([pid, micros]) => [pid, processorMicros(pid) - micros]);
  return used.toSorted((a, b) => b[1] - a[1])[0][0];
}
