// The npm SDK's own client: node npm_sdk.mjs URL TOKEN '[["tool", {arguments}], …]' prints what it got as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, token, calls] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const client = new Client({ name: "npm-sdk", version: "1.0.0" });
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const { tools } = await client.listTools();
const texts = [];
for (const [name, args] of JSON.parse(calls)) {
  const result = await client.callTool({ name, arguments: args });
  texts.push(result.content[0].text);
}
await client.close();
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), texts }));
