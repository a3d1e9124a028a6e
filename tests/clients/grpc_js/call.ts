// Makes one call with @grpc/grpc-js and the schemas that protoc-gen-es made of our protos (beside this file, in gen/).
// The job comes on the first line of stdin, one line of JSON goes out; after a cancelled call it stays until stdin ends.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import {
  createRegistry,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import * as grpc from "@grpc/grpc-js";
import { file_google_rpc_error_details } from "./gen/google/rpc/error_details_pb";
import { StatusSchema } from "./gen/google/rpc/status_pb";
import { ErrorDetailSchema } from "./gen/imagegen/v1/errors_pb";
import { ImageFiles, type ReadFileRequest, type ReadFileResponse } from "./gen/imagegen/v1/image_files_pb";
import {
  type GenerateImagesResponse,
  ImageGeneration,
  type StreamGenerateImagesResponse,
} from "./gen/imagegen/v1/image_generation_pb";
import type { ImageChunk } from "./gen/imagegen/v1/images_pb";
import { Models } from "./gen/imagegen/v1/models_pb";
import { ServerInfo } from "./gen/imagegen/v1/server_info_pb";

type Job = { address: string; method: string; request: JsonValue; metadata?: Record<string, string>; cancel?: boolean };
type Picture = { index: number; partial?: number; chunks: number; sha256: string; said: string; file: string };

const SERVICES: DescService[] = [ImageGeneration, ImageFiles, Models, ServerInfo];
const DETAILS = createRegistry(file_google_rpc_error_details, ErrorDetailSchema);

const lines = createInterface({ input: process.stdin });
const job: Job = JSON.parse((await lines[Symbol.asyncIterator]().next()).value);
const client = new grpc.Client(job.address, grpc.credentials.createInsecure());
const metadata = new grpc.Metadata();
for (const [name, value] of Object.entries(job.metadata ?? {})) metadata.set(name, value);
const facts = { largest_message: 0, pictures: [] as Picture[], events: [] as JsonValue[], trailers: {} as object };

const path = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;
const written = (method: DescMethod) => (message: Message) => Buffer.from(toBinary(method.input, message));
const read = (method: DescMethod) => (data: Buffer) => {
  facts.largest_message = Math.max(facts.largest_message, data.length);
  return fromBinary<DescMessage>(method.output, data);
};

function unary(method: DescMethod, request: Message): Promise<Message> {
  return new Promise((resolve, reject) => {
    const call = client.makeUnaryRequest(path(method), written(method), read(method), request, metadata, (error, answer) =>
      error ? reject(error) : resolve(answer!),
    );
    call.on("status", (status) => (facts.trailers = status.metadata.getMap()));
  });
}

function stream(method: DescMethod, request: Message) {
  const call = client.makeServerStreamRequest(path(method), written(method), read(method), request, metadata);
  call.on("status", (status) => (facts.trailers = status.metadata.getMap()));
  return call;
}

/** One picture, put together from its chunks, each where it says it belongs. */
class Pieces {
  chunks: Uint8Array[] = [];
  size = 0;

  add(chunk: Pick<ImageChunk, "offset" | "data">) {
    if (chunk.offset !== BigInt(this.size)) throw new Error(`a chunk for ${chunk.offset} came at ${this.size}`);
    this.chunks.push(chunk.data);
    this.size += chunk.data.length;
  }

  end(index: number, partial: number | undefined, said: string) {
    const file = `${facts.pictures.length}.picture`;
    const data = Buffer.concat(this.chunks);
    writeFileSync(file, data);
    const sha256 = createHash("sha256").update(data).digest("hex");
    facts.pictures.push({ index, partial, chunks: this.chunks.length, sha256, said, file });
  }
}

async function generate(method: DescMethod, request: Message): Promise<JsonValue> {
  const answer = (await unary(method, request)) as GenerateImagesResponse;
  for (const image of answer.images) {
    const pieces = new Pieces();
    if (image.content.case === "data") {
      pieces.add({ offset: 0n, data: image.content.value });
      image.content = { case: undefined }; // too much for a line of JSON
    } else {
      const { fileId, expireTime, keyId, signature } = image.content.value!;
      const asking = { $typeName: "imagegen.v1.ReadFileRequest", fileId, expireTime, keyId, signature };
      for await (const { part } of stream(ImageFiles.method.readFile, asking as ReadFileRequest)) {
        if (part.case === "chunk") pieces.add(part.value);
      }
    }
    pieces.end(image.index, undefined, image.sha256);
  }
  return toJson(method.output, answer);
}

async function follow(method: DescMethod, request: Message): Promise<null> {
  const call = stream(method, request);
  let start = { imageIndex: 0, partialIndex: undefined as number | undefined };
  let pieces = new Pieces();
  for await (const message of call) {
    const { event } = message as StreamGenerateImagesResponse;
    if (event.case === "imageStart") {
      [start, pieces] = [{ partialIndex: undefined, ...event.value }, new Pieces()];
      if (job.cancel) call.cancel();
    } else if (event.case === "imageChunk") pieces.add(event.value);
    else if (event.case === "imageEnd") pieces.end(start.imageIndex, start.partialIndex, event.value.sha256);
    else facts.events.push(toJson(method.output, message));
  }
  return null;
}

function failure(error: grpc.ServiceError): JsonValue {
  const packed = error.metadata?.get("grpc-status-details-bin")[0];
  if (error.code === undefined) throw error;
  const status = packed ? toJson(StatusSchema, fromBinary(StatusSchema, packed as Buffer), { registry: DETAILS }) : null;
  return { code: grpc.status[error.code], details: error.details, status };
}

const method = SERVICES.flatMap((service) => service.methods).find((each) => each.name === job.method)!;
const way = method.name === "GenerateImages" ? generate : method.methodKind === "server_streaming" ? follow : null;
const request = fromJson(method.input, job.request);
const said = await (way ? way(method, request) : unary(method, request).then((answer) => toJson(method.output, answer)))
  .then((answer) => ({ answer }))
  .catch((error) => ({ error: failure(error) }));
console.log(JSON.stringify({ ...said, ...facts }));
if (job.cancel) for await (const _ of lines);
client.close();
process.exit(0); // stdin may still be open
