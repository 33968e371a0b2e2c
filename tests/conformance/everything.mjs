// What an npm client can do: node everything.mjs v1|v2-legacy|v2-modern URL TOKEN MARK prints what came of it as JSON.
const [kind, url, token, mark] = process.argv.slice(2);
const isV1 = kind === "v1";
const { Client } = await import(isV1 ? "@modelcontextprotocol/sdk/client/index.js" : "@modelcontextprotocol/client");
const { StreamableHTTPClientTransport } = await import(
  isV1 ? "@modelcontextprotocol/sdk/client/streamableHttp.js" : "@modelcontextprotocol/client"
);
const elicit = isV1
  ? (await import("@modelcontextprotocol/sdk/types.js")).ElicitRequestSchema
  : "elicitation/create";

const negotiation = kind === "v2-modern" ? { versionNegotiation: { mode: { pin: "2026-07-28" } } } : {};
const client = new Client(
  { name: kind, version: "1.0.0" },
  { capabilities: { elicitation: {}, sampling: {}, roots: {} }, ...negotiation },
);
client.setRequestHandler(elicit, async () => ({ action: "accept", content: { name: "Dana", username: "dana", email: "d@x" } }));
const headers = { Authorization: `Bearer ${token}` };
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));

const call = (name, args = {}, options = {}) =>
  isV1 ? client.callTool({ name, arguments: args }, undefined, options) : client.callTool({ name, arguments: args }, options);
const told = {};
told.tools = (await client.listTools()).tools.map((tool) => tool.name);
told.text = (await call("test_simple_text")).content[0].text;
told.progress = [];
await call("test_tool_with_progress", {}, { onprogress: ({ progress }) => told.progress.push(progress) });
told.elicited = (await call("test_input_required_result_elicitation")).content[0].text;
told.resource = (await client.readResource({ uri: "test://static-text" })).contents[0].text;
told.prompt = (await client.getPrompt({ name: "test_simple_prompt" })).messages[0].content.text;
told.cancelled = [];
for (const milliseconds of [500, 5000]) {  // on a busy machine the call may not have arrived by then
  const abort = new AbortController();
  const waiting = call("wait", { mark }, { signal: abort.signal }).catch(() => "cancelled");
  setTimeout(() => abort.abort(), milliseconds);
  told.ended = await waiting;
  for (let tries = 0; tries < 40 && !told.cancelled.includes(mark); tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    told.cancelled = JSON.parse((await call("cancelled")).content[0].text);
  }
  if (told.cancelled.includes(mark)) break;
}
await client.close();
console.log(JSON.stringify(told));
process.exit(0);
