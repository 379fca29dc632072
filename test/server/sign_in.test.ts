import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { accessSchema } from "../../config/access.js";
import { addressOf, createKey, revokeKey } from "../../server/keys.js";
import { type Server, startServer } from "../../server/server.js";
import { openDuckDb } from "../../warehouse/duckdb.js";
import type { Warehouse } from "../../warehouse/warehouse.js";

/** An issuer that publishes the keys it is told to, and counts who asks for them. */
const issuer = { keys: [] as object[], status: 200, asked: 0, url: "" };
const folder = mkdtempSync(join(tmpdir(), "waymark-sign-in-"));
let now = new Date("2026-01-01T06:00:00Z");
let warehouse: Warehouse;
let server: Server;
let closeIssuer: () => void;

beforeAll(async () => {
  const listener: RequestListener = (_, response) => {
    issuer.asked++;
    response.writeHead(issuer.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: issuer.keys }));
  };
  const http = createServer(listener);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  closeIssuer = () => http.close();
  issuer.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/jwks`;
  warehouse = await openDuckDb({ file: ":memory:", threads: 1 });
  server = await serve();
});
beforeEach(() => {
  now = new Date("2026-01-01T06:00:00Z");
});
afterAll(async () => {
  await server?.close();
  await warehouse?.close();
  closeIssuer?.();
  rmSync(folder, { recursive: true });
});

/** A server on a warehouse in which nothing is published, of which everybody who may ask learns the schema. */
function serve(access: object = {}, host = "127.0.0.1"): Promise<Server> {
  const settings = accessSchema.parse({
    jwt: { issuer: "https://login.acme.test/", audience: "waymark", jwks_url: issuer.url },
    roles: { analyst: { accounts: "all" }, admin: { accounts: "all", may: ["write", "operate"] } },
    ...access,
  });
  return startServer({
    warehouse,
    port: 0,
    host,
    isDevelopment: false,
    now: () => now,
    access: { settings, folder, rotationMs: 0 },
    queryFolders: ["queries"],
  });
}

async function get(path: string, credential?: string, url = server.url) {
  const headers: Record<string, string> = credential ? { authorization: `Bearer ${credential}` } : {};
  const isQuestion = path === "/graphql";
  const response = await fetch(`${url}${path}`, {
    method: isQuestion ? "POST" : "GET",
    headers: { ...headers, ...(isQuestion ? { "content-type": "application/json" } : {}) },
    ...(isQuestion ? { body: JSON.stringify({ query: "{ __typename }" }) } : {}),
  });
  const text = await response.text();
  const body = text.startsWith("{") ? JSON.parse(text) : undefined;
  return {
    status: response.status,
    code: body?.errors?.[0]?.extensions?.code,
    headers: response.headers,
    body,
    text,
  };
}
const admitted = { status: 200, body: { data: { __typename: "Query" } } };
const refused = { status: 401, code: "UNAUTHENTICATED" };

const newKey = (changes: Partial<Parameters<typeof createKey>[1]> = {}) =>
  createKey(join(folder, "keys"), { name: "crm", role: "analyst", scope: null, days: 30, ...changes }, now);

describe("a stranger", () => {
  it("is refused on every route but that of life, with the way to sign in", async () => {
    for (const path of ["/graphql", "/metrics", "/q/anything.json", "/nowhere"]) {
      const { status, code, headers } = await get(path);
      expect({ path, status, code }).toEqual({ path, ...refused });
      expect(headers.get("www-authenticate")).toBe('Bearer realm="waymark"');
    }
    expect(await get("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
  });

  it("learns at /readyz only whether it is ready; who may operate learns why not", async () => {
    expect((await get("/readyz")).body).toEqual({ status: "not ready" });
    expect((await get("/readyz", newKey().secret)).body).toEqual({ status: "not ready" });
    expect((await get("/readyz", newKey({ role: "admin" }).secret)).body).toEqual({
      status: "nothing is published yet",
    });
  });

  it("gets metrics where they are declared open", async () => {
    const open = await serve({ open_metrics: true });
    onTestFinished(() => open.close());
    expect(await get("/metrics", undefined, open.url)).toMatchObject({ status: 200 });
    expect(await get("/graphql", undefined, open.url)).toMatchObject(refused);
  });
});

describe("an API key", () => {
  it("is known by its hash alone, in a file that only its owner reads", () => {
    const { key, secret } = newKey();
    const file = join(folder, "keys", `${key.id}.json`);
    const kept = readFileSync(file, "utf8");
    expect(secret).toMatch(/^wmk_[0-9a-f]{12}_[\w-]{43}$/);
    expect(kept).not.toContain(secret.slice(17));
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "keys")).filter((name) => name.endsWith(".new"))).toEqual([]);
  });

  it("signs in until it is revoked, which a running server heeds at once", async () => {
    const { key, secret } = newKey();
    expect(await get("/graphql", secret)).toMatchObject(admitted);
    revokeKey(join(folder, "keys"), key.id, now);
    const { headers, body, ...answer } = await get("/graphql", secret);
    expect(answer).toMatchObject(refused);
    expect(headers.get("www-authenticate")).toBe('Bearer realm="waymark", error="invalid_token"');
    expect(body.errors[0].message).toBe(
      'The API key "crm" was revoked on 2026-01-01. Ask whoever runs this server for another.',
    );
  });

  it("in a link opens the link's address, whatever the order of its variables, and nothing else", async () => {
    const only = addressOf("/q/health-trend.csv?weeks=12");
    const { key, secret } = newKey({ name: "sheet", scope: [], only });
    const notBuilt = { status: 503, code: "NOT_BUILT" }; // answered: but nothing is published here
    const link = `/q/health-trend.csv?weeks=12&access_token=${secret}`;
    expect(await get(link)).toMatchObject(notBuilt);
    expect(await get(`/q/health-trend.csv?access_token=${secret}&weeks=12`)).toMatchObject(notBuilt);
    expect(await get("/q/health-trend.csv?weeks=12", secret)).toMatchObject(notBuilt);
    for (const path of [
      `/q/health-trend.csv?weeks=13&access_token=${secret}`,
      `/q/health-trend.csv?access_token=${secret}`,
      `/q/health-trend.csv?weeks=12&weeks=12&access_token=${secret}`,
      `/q/health-trend.json?weeks=12&access_token=${secret}`,
      `/q?access_token=${secret}`,
      `/metrics?access_token=${secret}`,
    ])
      expect(await get(path)).toMatchObject(refused);
    expect(await get("/graphql", secret)).toMatchObject({
      ...refused,
      body: {
        errors: [
          { message: "This key is that of a link: it opens /q/health-trend.csv?weeks=12 and nothing else." },
        ],
      },
    });
    revokeKey(join(folder, "keys"), key.id, now);
    expect((await get(link)).body.errors[0].message).toBe(
      "This link was revoked on 2026-01-01. Ask whoever gave it for a new one.",
    );
  });

  it("that opens more than one address is refused in one, as are tokens", async () => {
    for (const credential of [newKey().secret, "eyJhbGciOiJub25lIn0.e30."])
      expect(await get(`/q/health-trend.csv?access_token=${credential}`)).toMatchObject({
        ...refused,
        body: { errors: [{ message: expect.stringContaining("`waymark keys link` makes a link") }] },
      });
  });

  it("signs in until its last day", async () => {
    const { secret } = newKey({ days: 30 });
    const only = "/q/health-trend.csv";
    const { secret: inLink } = newKey({ days: 30, scope: [], only });
    now = new Date("2026-01-31T05:59:59Z");
    expect(await get("/graphql", secret)).toMatchObject(admitted);
    now = new Date("2026-01-31T06:00:00Z");
    expect((await get("/graphql", secret)).body.errors[0].message).toBe(
      'The API key "crm" expired on 2026-01-31. Ask whoever runs this server for another.',
    );
    expect((await get(`${only}?access_token=${inLink}`)).body.errors[0].message).toBe(
      "This link expired on 2026-01-31. Ask whoever gave it for a new one.",
    );
  });

  it.each([
    ["of a secret that differs", (s: string) => `${s.slice(0, -1)}${s.endsWith("A") ? "B" : "A"}`],
    ["of an id that there isn't", (s: string) => s.replace(/^wmk_.{12}/, "wmk_000000000000")],
    ["that leads out of the folder", () => `wmk_../../etc/hosts_${"A".repeat(43)}`],
    ["that is cut off", (s: string) => s.slice(0, 20)],
    ["that is the hash", (s: string) => `wmk_${s.slice(4, 16)}_${"0".repeat(43)}`],
  ])("%s is refused, and the answer doesn't tell which it was", async (_, change) => {
    const { status, body } = await get("/graphql", change(newKey().secret));
    expect({ status, said: body.errors[0].message }).toEqual({
      status: 401,
      said: "This API key is none of this server's, or was mistyped.",
    });
  });

  it("of a file that was damaged opens nothing", async () => {
    const { key, secret } = newKey();
    writeFileSync(join(folder, "keys", `${key.id}.json`), "{");
    const { status, code, text } = await get("/graphql", secret);
    expect({ status, code }).toEqual({ status: 500, code: "INTERNAL_SERVER_ERROR" });
    expect(text).not.toContain(folder);
  });

  it("with a role that waymark.yml doesn't name sees nothing", async () => {
    expect(await get("/graphql", newKey({ role: "was_removed" }).secret)).toMatchObject({
      status: 403,
      code: "FORBIDDEN",
    });
    expect(await get("/graphql", newKey({ role: "toString" }).secret)).toMatchObject({ status: 403 });
  });

  it("may no more than its role and its scope", async () => {
    const may = async (role: string, scope: ("write" | "operate")[] | null) =>
      (await get("/metrics", newKey({ role, scope }).secret)).status;
    expect(await may("admin", null)).toBe(200);
    expect(await may("admin", ["operate"])).toBe(200);
    expect(await may("admin", ["write"])).toBe(403);
    expect(await may("admin", [])).toBe(403);
    expect(await may("analyst", null)).toBe(403);
    expect(await may("analyst", ["operate"]), "a scope gives nothing").toBe(403);
  });
});

describe("a token of the sign-in service", () => {
  const pair = async (kid: string) => {
    const { publicKey, privateKey } = await generateKeyPair("ES256");
    return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: "ES256", use: "sig" } };
  };
  type Pair = Awaited<ReturnType<typeof pair>>;
  let first: Pair;
  beforeAll(async () => {
    first = await pair("first");
    issuer.keys = [first.jwk];
  });

  const seconds = () => Math.floor(now.getTime() / 1000);
  const token = (changes: Record<string, unknown> = {}, by = first) => {
    const claims = {
      iss: "https://login.acme.test/",
      aud: "waymark",
      sub: "anna",
      role: "analyst",
      exp: seconds() + 600,
      ...changes,
    };
    return new SignJWT(JSON.parse(JSON.stringify(claims)))
      .setProtectedHeader({ alg: "ES256", kid: by.kid })
      .sign(by.privateKey);
  };

  it("signs in by a role that waymark.yml names, one of several too", async () => {
    expect(await get("/graphql", await token())).toMatchObject(admitted);
    expect(await get("/metrics", await token({ role: ["sales", "admin"] }))).toMatchObject({ status: 200 });
    expect(
      await get("/metrics", await token({ role: ["admin", "analyst"] })),
      "the first of waymark.yml",
    ).toMatchObject({ status: 403 });
    for (const role of ["sales", undefined, 7, ["sales"], "constructor"])
      expect(await get("/graphql", await token({ role }))).toMatchObject({ status: 403, code: "FORBIDDEN" });
  });

  it.each([
    ["of another issuer", { iss: "https://login.evil.test/" }],
    ["for another audience", { aud: "billing" }],
    ["without an audience", { aud: undefined }],
    ["without an end", { exp: undefined }],
    ["of nobody", { sub: undefined }],
    ["that isn't valid yet", { nbf: Date.parse("2026-01-01T07:00:00Z") / 1000 }],
    ["that has expired", { exp: Date.parse("2026-01-01T05:59:59Z") / 1000 }],
  ])("%s is refused", async (_, changes) => {
    expect(await get("/graphql", await token(changes))).toMatchObject(refused);
  });

  it("that was signed by another, by nobody, or by the public key as a secret is refused", async () => {
    const forged = await pair("first");
    expect(await get("/graphql", await token({}, forged))).toMatchObject(refused);
    const [, claims] = (await token()).split(".");
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    expect(await get("/graphql", `${encode({ alg: "none" })}.${claims}.`)).toMatchObject(refused);
    const symmetric = await new SignJWT({ role: "admin" })
      .setProtectedHeader({ alg: "HS256", kid: "first" })
      .setIssuer("https://login.acme.test/")
      .setAudience("waymark")
      .setSubject("anna")
      .setExpirationTime(seconds() + 600)
      .sign(new TextEncoder().encode(JSON.stringify(first.jwk)));
    expect(await get("/graphql", symmetric)).toMatchObject(refused);
    expect(await get("/graphql", "not.a.token")).toMatchObject(refused);
  });

  it("is verified by the issuer's new keys when they rotate, and by withdrawn ones no longer", async () => {
    expect(await get("/graphql", await token())).toMatchObject(admitted);
    const asked = issuer.asked;
    await get("/graphql", await token());
    expect(issuer.asked, "known keys are asked for once").toBe(asked);
    const second = await pair("second");
    issuer.keys = [second.jwk];
    expect(await get("/graphql", await token({}, second))).toMatchObject(admitted);
    expect(await get("/graphql", await token({}, first))).toMatchObject(refused);
    issuer.keys = [first.jwk];
    expect(await get("/graphql", await token())).toMatchObject(admitted);
  });

  it("can't be verified while the issuer's keys can't be read: nobody passes, and is told when to try again", async () => {
    const fresh = await serve();
    onTestFinished(() => fresh.close());
    onTestFinished(() => {
      issuer.status = 200;
    });
    issuer.status = 500;
    const { headers, ...answer } = await get("/graphql", await token(), fresh.url);
    expect(answer).toMatchObject({ status: 503, code: "SIGN_IN_UNAVAILABLE" });
    expect(headers.get("retry-after")).toBe("5");
    expect(await get("/graphql", newKey().secret, fresh.url), "keys need no issuer").toMatchObject(admitted);
  });

  it("is refused where waymark.yml names no issuer", async () => {
    const keysAlone = await serve({ jwt: undefined });
    onTestFinished(() => keysAlone.close());
    expect(await get("/graphql", await token(), keysAlone.url)).toMatchObject(refused);
  });
});

describe("without sign-in", () => {
  const local = (host: string) =>
    startServer({ warehouse, port: 0, host, isDevelopment: false, now: () => now });

  it.each(["0.0.0.0", "::", "10.0.0.1", "waymark.acme.test"])(
    "the server doesn't listen on %s, and says what to do",
    async (host) => {
      await expect(local(host)).rejects.toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("`access`"),
      });
    },
  );

  it("answers whoever has this machine, and no page that calls itself by another name", async () => {
    const open = await local("127.0.0.1");
    onTestFinished(() => open.close());
    expect(await get("/graphql", undefined, open.url)).toMatchObject(admitted);
    const status = await new Promise((resolve) => {
      import("node:http").then(({ get }) =>
        get(`${open.url}/healthz`, { headers: { host: "evil.test" } }, (r) => resolve(r.resume().statusCode)),
      );
    });
    expect(status).toBe(403);
  });

  it("with sign-in it listens where it is told to", async () => {
    const anywhere = await serve({}, "0.0.0.0");
    onTestFinished(() => anywhere.close());
    expect(await get("/graphql", undefined, anywhere.url)).toMatchObject(refused);
  });
});
