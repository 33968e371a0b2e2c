// What Node's own fetch and http see of an answer that comes before their body was taken: one JSON line for each.
import http from "node:http";

const [url, token, size] = process.argv.slice(2);
const headers = {
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
};
const body = Buffer.alloc(Number(size), 32);

async function fetched(body, more) {
  const answer = await fetch(url, { method: "POST", headers, body, ...more });
  return { status: answer.status, text: await answer.text() };
}

function pieces() {
  let left = body.length;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      controller.enqueue(body.subarray(0, Math.min(left, 65536)));
      left -= 65536;
    },
  });
}

function requested() {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: "POST", headers: { ...headers, "content-length": body.length } });
    request.on("error", reject);
    request.on("response", (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
      answer.on("error", reject);
    });
    request.end(body);
  });
}

for (const [name, ask] of [
  ["fetch", () => fetched(body)],
  ["stream", () => fetched(pieces(), { duplex: "half" })],
  ["http", requested],
]) {
  const found = await ask().catch((problem) => ({ status: 0, text: String(problem.cause ?? problem) }));
  console.log(JSON.stringify({ name, ...found }));
}
