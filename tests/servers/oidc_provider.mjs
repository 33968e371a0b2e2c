// A strict OpenID provider: node oidc_provider.mjs PORT SETTINGS
//
// Refresh tokens rotate, and one that comes a second time ends its grant. People sign in with any address and any
// password; access tokens are bound to the resource that was asked for. SETTINGS is JSON, all of it optional:
// {clients: [client metadata], seconds: of an access token, scopes: [of resources], people: {account: {email, name,
// groups}}}. Whoever is not among the people has their account as their address.
//
// GET /test/log gives what reached the endpoints that clients call themselves: {path, grant, client, status, error}.
// POST /test/set changes, from then on: {seconds, email: {account: address}, fail: {path: {status, body, type, times}},
// people}. POST /test/remove {account, client} takes an account away, and tells the client (back-channel logout).
import Provider from "oidc-provider";

const [port, text] = process.argv.slice(2);
const settings = { clients: [], seconds: 3600, scopes: ["tools.read", "tools.write"] };
Object.assign(settings, { email: {}, fail: {}, people: {} });
const removed = new Set();
Object.assign(settings, JSON.parse(text || "{}"));
const issuer = `http://127.0.0.1:${port}`;
const log = [];

const provider = new Provider(issuer, {
  clients: settings.clients,
  clientDefaults: { grant_types: ["authorization_code", "refresh_token"] },
  scopes: ["openid", "email", "profile", "offline_access", ...settings.scopes],
  claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
  conformIdTokenClaims: false,
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options), // Harriet listens on this machine
  findAccount: (ctx, id) =>
    removed.has(id)
      ? undefined
      : {
          accountId: id,
          claims: () => ({ sub: id, email: settings.email[id] ?? id, email_verified: true, ...settings.people[id] }),
        },
  pkce: { required: () => true },
  rotateRefreshToken: true,
  issueRefreshToken: async (ctx, client) => client.grantTypeAllowed("refresh_token"),
  ttl: {
    AccessToken: () => settings.seconds,
    ClientCredentials: () => settings.seconds,
    Grant: 86400,
    IdToken: 3600,
    Interaction: 3600,
    RefreshToken: 86400,
    Session: 86400,
  },
  features: {
    backchannelLogout: { enabled: true },
    clientCredentials: { enabled: true },
    devInteractions: { enabled: true },
    introspection: { enabled: true },
    registration: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (ctx, resource) => ({
        scope: settings.scopes.join(" "),
        audience: resource,
        accessTokenTTL: settings.seconds,
        accessTokenFormat: "opaque",
      }),
    },
    revocation: { enabled: true },
  },
});

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

provider.use(async (ctx, next) => {
  if (ctx.path === "/test/log") {
    ctx.body = log;
  } else if (ctx.path === "/test/set") {
    Object.assign(settings, JSON.parse(await bodyOf(ctx.req)));
    ctx.body = {};
  } else if (ctx.path === "/test/remove") {
    const { account, client } = JSON.parse(await bodyOf(ctx.req));
    removed.add(account);
    await (await provider.Client.find(client)).backchannelLogout(account);
    ctx.body = {};
  } else if (settings.fail[ctx.path]?.times !== 0 && settings.fail[ctx.path]) {
    const { status, body, type } = settings.fail[ctx.path];
    if (settings.fail[ctx.path].times) settings.fail[ctx.path].times -= 1;
    log.push({ path: ctx.path, status });
    Object.assign(ctx, { status, type: type ?? "application/json", body });
  } else {
    await next();
    if (!["/token", "/token/revocation", "/reg"].includes(ctx.path)) return;
    const { body, client, params } = ctx.oidc ?? {};
    const grant = params?.grant_type ?? body?.grant_type;
    const kind = body?.token_type_hint;
    log.push({ path: ctx.path, grant, kind, client: client?.clientId, status: ctx.status, error: ctx.body?.error });
  }
});

provider.listen(Number(port), "127.0.0.1");
