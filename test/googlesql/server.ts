import { spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, chmodSync, constants, existsSync, mkdtempSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A running server of the GoogleSQL engine; `call` fails with a `ServerError`. */
export interface Server {
  call<Reply>(method: string, request: object): Promise<Reply>;
  stop(): Promise<void>;
}

/** What gRPC says when a call fails: `code` as in grpc.status, `details` the engine's own message. */
export interface ServerError extends Error {
  code: number;
  details: string;
}

/** Why `startReference` would fail here, or null: `describe.skipIf(referenceUnavailable())`. */
export function referenceUnavailable(): string | null {
  const machine = `${process.platform} ${process.arch}`;
  if (!(machine in binaries)) return `GoogleSQL's reference implementation has no build for ${machine}`;
  const installed = ["@fivetrandevelopers/zetasql", "@grpc/grpc-js", "@grpc/proto-loader"].every(isInstalled);
  return installed ? null : "GoogleSQL is not installed. Run npm --prefix test/googlesql ci";
}

/** Takes about a second. Nothing outlives this process, even when it is killed. */
export async function startServer(): Promise<Server> {
  const reason = referenceUnavailable();
  if (reason) throw new Error(reason);

  const engine = join(dirname(require.resolve("@fivetrandevelopers/zetasql/package.json")), "lib/zetasql");
  const binary = join(engine, binaries[`${process.platform} ${process.arch}`] ?? "");
  makeExecutable(binary);

  // The server makes its address of two arguments, "host:port". A Unix socket can't collide with another
  // worker's port, and other users of the machine can't reach it.
  const directory = mkdtempSync(join(tmpdir(), "waymark-googlesql-"));
  const address = `unix:${directory}/s:1`;
  const child = spawn("/bin/sh", ["-c", watchdog, "sh", binary, directory], { stdio: "pipe" });
  const ended = once(child, "exit");
  let log = "";
  for (const output of [child.stdout, child.stderr]) {
    output.on("data", (chunk) => {
      log = (log + chunk).slice(-4000);
    });
  }

  const client = connect(join(engine, "protos"), address);
  const stop = async () => {
    client.close();
    child.stdin.end();
    await ended;
  };
  const ready = new Promise<void>((resolve, reject) => {
    client.waitForReady(Date.now() + 30_000, (error) => (error ? reject(error) : resolve()));
  });
  try {
    await Promise.race([ready, ended.then(() => Promise.reject(new Error("it ended at once")))]);
  } catch (cause) {
    await stop();
    throw new Error(`GoogleSQL's server ${binary} did not start: ${(cause as Error).message}\n${log}`, {
      cause,
    });
  }

  return {
    call: <Reply>(method: string, request: object) =>
      new Promise<Reply>((resolve, reject) => {
        client[method]?.(request, (error, reply) => (error ? reject(error) : resolve(reply as Reply)));
      }),
    stop,
  };
}

const require = createRequire(import.meta.url);

const binaries: Record<string, string> = {
  "linux x64": "remote_server.so",
  "linux arm64": "remote_server_arm.so",
  "darwin x64": "remote_server",
  "darwin arm64": "remote_server_arm",
};

/**
 * Kills the server when our end of stdin closes, which the kernel does however this process ends. The shell
 * then says "Killed": to nowhere, as a write to the closed stderr would end it before it has tidied up.
 */
const watchdog = `
exec 3<&0
"$1" "unix:$2/s" 1 3<&- &
server=$!
exec 2>/dev/null
{ cat <&3 >/dev/null; kill -9 $server; } &
wait $server
rm -rf "$2"
`;

function isInstalled(name: string): boolean {
  try {
    return existsSync(require.resolve(`${name}/package.json`));
  } catch {
    return false;
  }
}

const deepest = 1000;

/** npm keeps the file mode of the package; some mirrors and caches lose it. */
function makeExecutable(binary: string): void {
  try {
    accessSync(binary, constants.X_OK);
  } catch {
    chmodSync(binary, 0o755);
  }
}

type Method = (request: object, done: (error: ServerError | null, reply: unknown) => void) => void;
type Client = Record<string, Method> & {
  waitForReady(deadline: number, done: (error?: Error) => void): void;
  close(): void;
};

/**
 * Required, not imported, and described by hand: the main package must type-check where this one is not
 * installed. `oneofs` tells which member is set, which is the only sign of NULL.
 */
function connect(protos: string, address: string): Client {
  const grpc = require("@grpc/grpc-js");
  // What resolves a statement of a long journey nests deeper than the 100 that are read by default.
  const protobuf = createRequire(require.resolve("@grpc/proto-loader"))("protobufjs");
  protobuf.util.recursionLimit = deepest;
  protobuf.Reader.recursionLimit = deepest;
  const definition = require("@grpc/proto-loader").loadSync("local_service.proto", {
    includeDirs: [protos],
    oneofs: true,
    enums: String,
    longs: String,
  });
  const Service = grpc.loadPackageDefinition(definition).zetasql.local_service.ZetaSqlLocalService;
  return new Service(address, grpc.credentials.createInsecure(), {
    "grpc.max_send_message_length": -1,
    "grpc.max_receive_message_length": -1,
  });
}
