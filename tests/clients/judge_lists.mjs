// Which of the lists in a JSON file the TypeScript SDKs can't read: node judge_lists.mjs FILE prints one line for each.
import { readFileSync } from "node:fs";
import * as first from "@modelcontextprotocol/sdk/types.js";
import * as second from "@modelcontextprotocol/core";

const names = {
  tools: "ListToolsResultSchema",
  prompts: "ListPromptsResultSchema",
  resources: "ListResourcesResultSchema",
  resourceTemplates: "ListResourceTemplatesResultSchema",
};
let judged = 0;
for (const { isOlder, list } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const member = Object.keys(names).find((name) => name in list);
  for (const [sdk, schemas] of [["sdk", first], ["core", second]]) {
    if (sdk === "sdk" && !isOlder) continue; // it speaks no newer revision
    judged += 1;
    const read = schemas[names[member]].safeParse(list);
    if (!read.success) console.log(`${sdk}: ${JSON.stringify(read.error.issues).slice(0, 400)} in ${JSON.stringify(list).slice(0, 600)}`);
  }
}
console.log(`judged ${judged}`);
