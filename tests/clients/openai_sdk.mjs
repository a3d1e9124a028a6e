// One call with the official OpenAI SDK for Node: the job comes as JSON on stdin, one line of JSON goes out.
//   { client: "OpenAI" | "AzureOpenAI", options: {...}, params: {...}, fetch: true to follow the URLs of the answer }
import { text } from "node:stream/consumers";
import * as sdk from "openai";

const job = JSON.parse(await text(process.stdin));
const client = new sdk[job.client](job.options);

async function called() {
  const answer = await client.images.generate(job.params);
  if (job.params.stream) {
    const events = [];
    for await (const event of answer) events.push(event);
    return { events };
  }
  const files = [];
  if (job.fetch) {
    for (const { url } of answer.data) {
      const file = await fetch(url);
      const data = Buffer.from(await file.arrayBuffer());
      files.push({ status: file.status, type: file.headers.get("content-type"), b64_json: data.toString("base64") });
    }
  }
  return { answer, files };
}

function failed(error) {
  const { status, code, param, type, message, requestID } = error;
  const classes = Object.keys(sdk).filter((name) => sdk[name]?.prototype instanceof Error && error instanceof sdk[name]);
  return { error: { name: error.constructor.name, classes, status, code, param, type, message, requestID } };
}

console.log(JSON.stringify(await called().catch(failed)));
