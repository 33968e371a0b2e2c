// Which results in a JSON file the TypeScript SDKs can't read: node judge.mjs FILE prints one line for each.
// The file has [version, method, result] for each of them.
import { readFileSync } from "node:fs";
import * as first from "@modelcontextprotocol/sdk/types.js";
import * as second from "@modelcontextprotocol/core";

const names = {
  "tools/call": "CallToolResultSchema",
  "prompts/get": "GetPromptResultSchema",
  "resources/read": "ReadResourceResultSchema",
  "completion/complete": "CompleteResultSchema",
};
const found = [];
JSON.parse(readFileSync(process.argv[2], "utf8")).forEach(([version, method, result], at) => {
  for (const [sdk, schemas] of [["sdk", first], ["core", second]]) {
    if (sdk === "sdk" && version === "2026-07-28") continue; // it speaks no newer revision
    if (result.resultType === "input_required") continue;
    const read = schemas[names[method]].safeParse(result);
    if (!read.success) found.push([at, `${sdk}: ${JSON.stringify(read.error.issues).slice(0, 400)}`]);
  }
});
console.log(JSON.stringify(found));
