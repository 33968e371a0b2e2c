// The npm SDK's own client, which opens addresses for its person: node npm_opens.mjs URL TOKEN TOOL '{arguments}' prints
// the addresses that it was asked to open, and the text of the answer, as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";

const [url, token, name, args] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${token}` };
const client = new Client({ name: "npm-sdk", version: "1.0.0" }, { capabilities: { elicitation: { url: {} } } });
const opened = [];
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
  opened.push({ mode: params.mode, url: params.url });
  return { action: "accept" };
});
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));
const result = await client.callTool({ name, arguments: JSON.parse(args) });
await client.close();
console.log(JSON.stringify({ opened, text: result.content[0].text }));
