// Changes as they happen, read with fetch (EventSource cannot send the token), connected again for ever.

import { headers, problemOf } from "/page/api.js";

const SILENT = 40000; // a heartbeat comes every 15 s
const WAITS = [1000, 2000, 4000, 8000, 15000];

/** Follow `/v1/changes`.
 * `onChange(change)` hears each change, `onState("live" | "lost", again)` how the connection stands;
 * `again` is true where it had been lost: what was shown is then to be loaded anew.
 * Returns a function that ends it. */
export function follow(onChange, onState) {
  const ends = new AbortController();
  const sequences = new Map();
  let last = "", lost = false, turn = 0, wake = () => {};

  async function once() {
    const mine = new AbortController();
    const stop = () => mine.abort();
    ends.signal.addEventListener("abort", stop);
    let watch = setTimeout(stop, SILENT);
    try {
      const resume = last ? { "Last-Event-ID": last } : {};
      const answer = await fetch("/v1/changes", { headers: headers(resume), signal: mine.signal, cache: "no-store" });
      if (!answer.ok) throw await problemOf(answer);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = setTimeout(stop, SILENT);
        const pieces = (rest + value).split("\n\n");
        rest = pieces.pop();
        pieces.forEach(hear);
      }
    } finally {
      clearTimeout(watch);
      ends.signal.removeEventListener("abort", stop);
    }
  }

  function hear(piece) {
    let event = "", data = "";
    for (const line of piece.split("\n")) {
      if (line.startsWith("id: ")) last = line.slice(4);
      else if (line.startsWith("event: ")) event = line.slice(7);
      else if (line.startsWith("data: ")) data += line.slice(6);
    }
    if (event === "ready") {
      turn = 0;
      onState("live", lost);
      lost = false;
    } else if (event === "reload") onChange({ what: "reload" });
    else if (event === "change") {
      const change = JSON.parse(data);
      const known = sequences.get(change.task_id) ?? -1;
      if (change.what !== "gone" && change.sequence <= known) return;
      sequences.set(change.task_id, Math.max(known, change.sequence));
      onChange(change);
    }
  }

  async function run() {
    while (!ends.signal.aborted) {
      let status;
      try {
        await once();
      } catch (error) {
        status = error.status;
      }
      if (ends.signal.aborted || status === 401) return;
      lost = true;
      onState("lost", false);
      const wait = status === 429 || status === 503 ? 15000 : WAITS[Math.min(turn++, WAITS.length - 1)];
      await new Promise((go) => {
        wake = go;
        setTimeout(go, wait);
      });
    }
  }

  const hurry = () => wake();
  window.addEventListener("online", hurry);
  ends.signal.addEventListener("abort", () => {
    window.removeEventListener("online", hurry);
    wake();
  });
  run();
  return () => ends.abort();
}
