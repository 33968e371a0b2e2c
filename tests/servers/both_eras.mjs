// A server of both eras at one address, built with the official TypeScript SDK: what the conformance suite expects of a
// 2025-11-25 server, with sessions and streams that can be gone on with; and the same tools by 2026-07-28.
//
//     node both_eras.mjs PORT
//
// Its tools ask in the way of 2025-11-25 alone, as most do.
import { randomUUID } from "node:crypto";
import { serve } from "@hono/node-server";
import {
  McpServer,
  ResourceTemplate,
  WebStandardStreamableHTTPServerTransport,
  completable,
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  localhostAllowedHostnames,
  localhostAllowedOrigins,
  originValidationResponse,
} from "@modelcontextprotocol/server";
import * as z from "zod/v4";

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const text = (value) => ({ type: "text", text: value });
const said = (...content) => ({ content });
const embedded = (uri, mimeType, value) => ({ type: "resource", resource: { uri, mimeType, text: value } });
const user = (content) => ({ role: "user", content });

const ENUM = { type: "string", enum: ["one", "two", "three"] };
const TITLED = [
  { const: "one", title: "The first" },
  { const: "two", title: "The second" },
];
const ENUMS = {
  untitledSingle: ENUM,
  titledSingle: { type: "string", oneOf: TITLED },
  legacyEnum: { ...ENUM, enumNames: ["The first", "The second", "The third"] },
  untitledMulti: { type: "array", items: ENUM },
  titledMulti: { type: "array", items: { anyOf: TITLED } },
};
const DEFAULTS = {
  name: { type: "string", default: "John Doe" },
  age: { type: "integer", default: 30 },
  score: { type: "number", default: 95.5 },
  status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
  verified: { type: "boolean", default: true },
};
const SCHEMA_2020 = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: { $anchor: "addressDef", type: "object", properties: { street: { type: "string" }, city: { type: "string" } } },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
};

function made() {
  const server = new McpServer(
    { name: "both-eras", title: "Both eras", version: "1.0.0" },
    {
      capabilities: {
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { subscribe: true, listChanged: true },
        logging: {},
        completions: {},
      },
      instructions: "A server for tests.",
    },
  );
  addTools(server);
  addAsking(server);
  addOffers(server);
  const empty = async () => ({});
  for (const method of ["logging/setLevel", "resources/subscribe", "resources/unsubscribe"]) {
    server.server.setRequestHandler(method, empty);
  }
  return server;
}

function addTools(server) {
  const tool = (name, description, callback, inputSchema = z.object({})) =>
    server.registerTool(name, { description, inputSchema }, callback);
  tool("test_simple_text", "Text.", async () => said(text("This is a simple text response for testing.")));
  tool("test_image_content", "An image.", async () => said({ type: "image", data: PNG, mimeType: "image/png" }));
  tool("test_audio_content", "A sound.", async () => said({ type: "audio", data: WAV, mimeType: "audio/wav" }));
  tool("test_embedded_resource", "A resource.", async () =>
    said(embedded("test://embedded-resource", "text/plain", "This is an embedded resource content.")));
  tool("test_multiple_content_types", "Several.", async () =>
    said(text("Multiple content types test:"), { type: "image", data: PNG, mimeType: "image/png" },
      embedded("test://mixed-content-resource", "application/json", '{"test":"data","value":123}')));
  tool("test_tool_with_logging", "Logs.", async (_, ctx) => {
    for (const data of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      await ctx.mcpReq.notify({ method: "notifications/message", params: { level: "info", data } });
      await sleep(50);
    }
    return said(text("Tool with logging executed successfully"));
  });
  tool("test_tool_with_progress", "Says how far it is.", async (_, ctx) => {
    const progressToken = ctx.mcpReq._meta?.progressToken;
    for (const progress of progressToken === undefined ? [] : [0, 50, 100]) {
      await ctx.mcpReq.notify({ method: "notifications/progress", params: { progressToken, progress, total: 100 } });
      await sleep(50);
    }
    return said(text(String(progressToken)));
  });
  tool("test_error_handling", "Fails.", async () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  tool("test_reconnection", "Closes its stream, and answers when the client is back.", async (_, ctx) => {
    ctx.http?.closeSSE?.();
    await sleep(100);
    return said(text("Reconnection test completed successfully."));
  });
  const structured = { description: "Structured.", inputSchema: z.object({ city: z.string().default("Here") }) };
  const annotations = { readOnlyHint: true, title: "The weather" };
  const icons = [{ src: `data:image/png;base64,${PNG}`, mimeType: "image/png", sizes: ["1x1"] }];
  server.registerTool(
    "weather",
    { ...structured, title: "Weather", annotations, icons, outputSchema: z.object({ degrees: z.number() }), _meta: { "test/own": [1, 2.5] } },
    async () => ({ ...said(text('{"degrees":21.5}')), structuredContent: { degrees: 21.5 }, _meta: { "test/result": true } }),
  );
  server.registerTool("json_schema_2020_12_tool", { description: "Newer words.", inputSchema: raw(SCHEMA_2020) }, async () =>
    said(text("It was called.")));
}

// A schema as it is, where the SDK wants one of a schema library.
function raw(schema) {
  const validate = (value) => ({ value });
  const jsonSchema = { input: () => schema, output: () => schema };
  return { "~standard": { version: 1, vendor: "by-hand", validate, jsonSchema } };
}

function addAsking(server) {
  const form = (message, properties, required = Object.keys(properties)) => ({
    mode: "form", message, requestedSchema: { type: "object", properties, required },
  });
  const asked = (name, inputSchema, question, told) =>
    server.registerTool(name, { description: "Asks the person.", inputSchema }, async (args, ctx) => {
      const { action, content } = await ctx.mcpReq.elicitInput(question(args));
      return said(text(`${told}: action=${action}, content=${JSON.stringify(content ?? {})}`));
    });
  const none = z.object({});
  const answer = { response: { type: "string", description: "User's response" } };
  asked("test_elicitation", z.object({ message: z.string() }), ({ message }) => form(message, answer), "User response");
  asked("test_elicitation_sep1034_defaults", none, () => form("Please look.", DEFAULTS, []), "Elicitation completed");
  asked("test_elicitation_sep1330_enums", none, () => form("Please choose.", ENUMS, []), "Elicitation completed");
  server.registerTool("test_sampling", { description: "Asks the model.", inputSchema: z.object({ prompt: z.string() }) },
    async ({ prompt }, ctx) => {
      const result = await ctx.mcpReq.requestSampling({ messages: [user(text(prompt))], maxTokens: 100 });
      return said(text(`LLM response: ${result.content.text ?? "No response"}`));
    });
}

function addOffers(server) {
  const resource = (name, uri, mimeType, content) =>
    server.registerResource(name, uri, { title: name, description: `${name}, for testing.`, mimeType }, async () => ({
      contents: [{ uri, mimeType, ...content }],
    }));
  resource("Static text", "test://static-text", "text/plain", { text: "This is the content of the static text resource." });
  resource("Static binary", "test://static-binary", "image/png", { blob: PNG });
  resource("Watched", "test://watched-resource", "text/plain", { text: "Watched resource content" });
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource("By id", template, { mimeType: "application/json" }, async (uri, { id }) => ({
    contents: [{ uri: uri.href, mimeType: "application/json", text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }) }],
  }));
  const prompt = (name, argsSchema, messages) =>
    server.registerPrompt(name, { title: name, description: `${name}.`, argsSchema }, async (args) => ({ messages: messages(args) }));
  const complete = completable(z.string(), (value) => ["paris", "park", "party"].filter((one) => one.startsWith(value)));
  prompt("test_simple_prompt", undefined, () => [user(text("This is a simple prompt for testing."))]);
  prompt("test_prompt_with_arguments", z.object({ arg1: complete, arg2: z.string() }), ({ arg1, arg2 }) =>
    [user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))]);
  prompt("test_prompt_with_embedded_resource", z.object({ resourceUri: z.string() }), ({ resourceUri }) =>
    [user(embedded(resourceUri, "text/plain", "Embedded resource content for testing.")), user(text("Please process the embedded resource above."))]);
  prompt("test_prompt_with_image", undefined, () =>
    [user({ type: "image", data: PNG, mimeType: "image/png" }), user(text("Please analyze the image above."))]);
}

// What was said in each stream: the first half of an event's id names the stream, the second counts.
const events = new Map();
const eventStore = {
  async storeEvent(streamId, message) {
    const said = events.get(streamId) ?? [];
    events.set(streamId, said);
    said.push(message);
    return `${streamId}::${said.length}`;
  },
  async getStreamIdForEventId(eventId) {
    return eventId.split("::")[0];
  },
  async replayEventsAfter(eventId, { send }) {
    const [streamId, number] = eventId.split("::");
    for (const [index, message] of (events.get(streamId) ?? []).entries()) {
      if (index >= Number(number) && Object.keys(message).length) await send(`${streamId}::${index + 1}`, message);
    }
    return streamId;
  },
};

const sessions = new Map();
const notFound = () => Response.json({ jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } }, { status: 404 });

async function inSession(request) {
  const known = request.headers.get("mcp-session-id");
  if (known) return sessions.get(known)?.handleRequest(request) ?? notFound();
  const transport = new WebStandardStreamableHTTPServerTransport({
    sessionIdGenerator: () => randomUUID(),
    eventStore,
    retryInterval: 300,
    onsessioninitialized: (id) => void sessions.set(id, transport),
    onsessionclosed: (id) => void sessions.delete(id),
  });
  await made().connect(transport);
  return transport.handleRequest(request);
}

const modern = createMcpHandler(made, { legacy: "reject" });
const fetch = async (request) =>
  (new URL(request.url).pathname === "/mcp" ? undefined : new Response(null, { status: 404 })) ??
  hostHeaderValidationResponse(request, localhostAllowedHostnames()) ??
  originValidationResponse(request, localhostAllowedOrigins()) ??
  ((await isLegacyRequest(request)) ? inSession(request) : modern.fetch(request));
serve({ fetch, port: Number(process.argv[2]), hostname: "127.0.0.1" });
