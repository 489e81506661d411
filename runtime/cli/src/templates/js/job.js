// Counts the words of its input. stdin is the input, console.log the output.

import { getEnvironment } from "wasi:cli/environment@0.2.0";
import { getStdin } from "wasi:cli/stdin@0.2.0";

function input() {
  const stdin = getStdin();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    try {
      text += decoder.decode(stdin.blockingRead(65536n), { stream: true });
    } catch (error) {
      if (error.payload?.tag === "closed") return text + decoder.decode();
      throw error;
    }
  }
}

function main() {
  const words = input().split(/\s+/).filter((word) => word !== "");
  if (words.length === 0) throw new Error("there are no words");
  const longest = words.reduce((most, word) => (word.length > most.length ? word : most));
  const task = new Map(getEnvironment()).get("SUBLET_TASK_INDEX") ?? "";
  console.log(JSON.stringify({ task, words: words.length, longest }));
}

// The entry point. An error ends the job with exit code 1: components of WASI 0.2 know no other.
export const run = {
  run() {
    try {
      main();
    } catch (error) {
      console.error(`error: ${error.message}`);
      throw Object.assign(error, { payload: undefined });
    }
  },
};
