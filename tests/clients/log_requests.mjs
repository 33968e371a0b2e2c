// Loaded before an unchanged server (node --import): writes each request that arrives as a JSON object a line.
import { appendFileSync } from "node:fs";
import { Server } from "node:http";

const emit = Server.prototype.emit;
Server.prototype.emit = function (event, ...rest) {
  if (event === "request") {
    const { method, url, headers } = rest[0];
    appendFileSync(process.env.REQUEST_LOG, `${JSON.stringify({ http: method, url, headers })}\n`);
  }
  return emit.call(this, event, ...rest);
};
