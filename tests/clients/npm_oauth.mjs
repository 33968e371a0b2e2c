// The npm SDK's own OAuth: node npm_oauth.mjs v1|v2 URL COOKIE '[["tool", {arguments}], …]' signs in, calls, refreshes and
// calls again; prints what it got as JSON. The person's browser is a few lines of fetch with their session.
const [version, url, cookie, calls] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport, UnauthorizedError } =
  version === "v2"
    ? await import("@modelcontextprotocol/client")
    : {
        ...(await import("@modelcontextprotocol/sdk/client/index.js")),
        ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
        ...(await import("@modelcontextprotocol/sdk/client/auth.js")),
      };

async function allow(address) {
  const page = await fetch(address, { headers: { cookie }, redirect: "manual" });
  if (page.status === 302) return page.headers.get("location");
  const text = await page.text();
  const form = new URLSearchParams({ decision: "allow" });
  for (const [, scope] of text.matchAll(/name="scope" value="([a-z.]+)" checked/g)) form.append("scope", scope);
  form.set("csrfmiddlewaretoken", text.match(/name="csrfmiddlewaretoken" value="([^"]+)"/)[1]);
  const csrf = page.headers.getSetCookie().map((one) => one.split(";")[0]);
  const headers = { cookie: [cookie, ...csrf].join("; ") };
  const answer = await fetch(address, { method: "POST", headers, body: form, redirect: "manual" });
  if (answer.status !== 302) throw new Error(`consent answered ${answer.status}: ${await answer.text()}`);
  return answer.headers.get("location");
}

class Provider {
  redirectUrl = "http://127.0.0.1:7777/callback";
  opened = [];
  refreshed = 0;
  get clientMetadata() {
    return {
      client_name: `npm SDK ${version}`,
      redirect_uris: [this.redirectUrl],
      grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"],
      token_endpoint_auth_method: "client_secret_post",
    };
  }
  state = () => "state-of-npm";
  clientInformation = () => this.client;
  saveClientInformation = (client) => void (this.client = client);
  tokens = () => this.kept;
  saveTokens = (tokens) => {
    if (this.kept) this.refreshed += 1;
    this.kept = tokens;
  };
  redirectToAuthorization = async (address) => void (this.answer = await allow(String(address)));
  saveCodeVerifier = (verifier) => void (this.verifier = verifier);
  codeVerifier = () => this.verifier;
  discoveryState = () => this.discovered;
  saveDiscoveryState = (state) => void (this.discovered = state);
}

const provider = new Provider();
const transport = () => new StreamableHTTPClientTransport(new URL(url), { authProvider: provider });
const connected = async () => {
  const client = new Client({ name: "npm-sdk", version: "1.0.0" });
  const first = transport();
  try {
    await client.connect(first);
    return client;
  } catch (problem) {
    if (!(problem instanceof UnauthorizedError)) throw problem;
  }
  const said = new URL(provider.answer).searchParams;
  await (version === "v2" ? first.finishAuth(said) : first.finishAuth(said.get("code")));
  const again = new Client({ name: "npm-sdk", version: "1.0.0" });
  await again.connect(transport());
  return again;
};

let client = await connected();
const { tools } = await client.listTools();
const texts = [];
for (const [name, args] of JSON.parse(calls)) {
  const result = await client.callTool({ name, arguments: args });
  texts.push(result.content[0].text);
}
await client.close();
provider.kept = { ...provider.kept, access_token: "hrt_app_lost" };
client = await connected();
const listed = await client.listTools();
await client.close();
const { access_token, refresh_token, scope } = provider.kept;
const clientId = provider.client.client_id, secret = provider.client.client_secret;
console.log(
  JSON.stringify({
    tools: tools.map((tool) => tool.name),
    texts,
    again: listed.tools.length,
    refreshed: provider.refreshed,
    scope,
    access_token,
    refresh_token,
    client_id: clientId,
    client_secret: secret,
  }),
);
