// Both generations of the npm SDK list everything: node list_all.mjs URL TOKEN prints the names they got, as JSON.
import { Client as First } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as FirstTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { Client as Second, StreamableHTTPClientTransport as SecondTransport } from "@modelcontextprotocol/client";

const [url, token] = process.argv.slice(2);
const requestInit = { headers: { Authorization: `Bearer ${token}` } };
const LISTS = [
  ["listTools", "tools", "name"],
  ["listPrompts", "prompts", "name"],
  ["listResources", "resources", "uri"],
  ["listResourceTemplates", "resourceTemplates", "uriTemplate"],
];

async function everything(Client, Transport) {
  const client = new Client({ name: "lister", version: "1.0.0" });
  await client.connect(new Transport(new URL(url), { requestInit }));
  const found = {};
  for (const [method, member, key] of LISTS) {
    found[member] = [];
    for (let cursor; ; ) {
      const page = await client[method](cursor ? { cursor } : {});
      found[member].push(...page[member].map((entry) => entry[key]));
      if (!(cursor = page.nextCursor)) break;
    }
  }
  await client.close();
  return found;
}

const first = await everything(First, FirstTransport);
const second = await everything(Second, SecondTransport);
console.log(JSON.stringify({ first, second }));
