import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { type Right, rights } from "../config/access.js";
import { WaymarkError } from "../errors.js";

/**
 * API keys, each a file of a folder beside `waymark.yml`: a server that has the warehouse open for itself learns of a
 * new or revoked key with the next request, who may read or write the warehouse has none of them, and a folder of
 * secrets can be mounted. Only hashes are kept; a key has 256 random bits, so a fast hash is as good as a slow one.
 */
const apiKey = z.strictObject({
  id: z.string(),
  name: z.string(),
  role: z.string(),
  /** Of what its role may do, what the key may; null = all. */
  scope: z.array(z.enum(rights)).nullable(),
  /** The one address that it opens, from the path on; null = whatever its role may ask. */
  only: z.string().nullable().default(null),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  created_at: z.iso.datetime(),
  expires_at: z.iso.datetime(),
  revoked_at: z.iso.datetime().nullable(),
});
export type ApiKey = z.output<typeof apiKey>;

const written = /^wmk_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;
export const looksLikeKey = (credential: string): boolean => credential.startsWith("wmk_");

const hashOf = (key: string): Buffer => createHash("sha256").update(key).digest();
const fileOf = (folder: string, id: string): string => join(folder, `${id}.json`);

export interface NewKey {
  readonly name: string;
  readonly role: string;
  readonly scope: readonly Right[] | null;
  readonly days: number;
  readonly only?: string | null;
}

/** Make a key; `secret` is the key itself, which nobody can tell again. */
export function createKey(
  folder: string,
  { name, role, scope, days, only = null }: NewKey,
  now: Date,
): { key: ApiKey; secret: string } {
  const id = randomBytes(6).toString("hex");
  const secret = `wmk_${id}_${randomBytes(32).toString("base64url")}`;
  const key: ApiKey = {
    id,
    name,
    role,
    scope: scope && [...scope],
    only,
    sha256: hashOf(secret).toString("hex"),
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + days * 86_400_000).toISOString(),
    revoked_at: null,
  };
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  keepFromGit(folder);
  write(folder, key);
  return { key, secret };
}

/** All keys, the latest first. @throws WaymarkError CONFIG_INVALID for a file that is none */
export const readKeys = (folder: string): ApiKey[] =>
  filesIn(folder)
    .map((id) => readKey(folder, id))
    .filter((key) => key !== undefined)
    .sort((a, b) => b.created_at.localeCompare(a.created_at) || a.id.localeCompare(b.id));

/** From now on nobody signs in by it; one that is revoked already stays as it is. @throws WaymarkError BAD_USER_INPUT */
export function revokeKey(folder: string, id: string, now: Date): ApiKey {
  const key = /^[0-9a-f]{12}$/.test(id) ? readKey(folder, id) : undefined;
  if (!key)
    throw new WaymarkError("BAD_USER_INPUT", `There is no key "${id}"; \`waymark keys list\` shows them.`, {
      id,
    });
  if (key.revoked_at) return key;
  const revoked = { ...key, revoked_at: now.toISOString() };
  write(folder, revoked);
  return revoked;
}

/** An address as keys are bound to it: path and variables in one order, without the key itself. */
export function addressOf(url: string): string {
  const { pathname, searchParams } = new URL(url, "http://localhost");
  searchParams.delete(keyInAddress);
  searchParams.sort();
  return searchParams.size > 0 ? `${pathname}?${searchParams}` : pathname;
}

/** Where a link carries its key, as RFC 6750 names it. */
export const keyInAddress = "access_token";

export type KeyState = "valid" | "expired" | "revoked";
export function stateOf({ revoked_at, expires_at }: ApiKey, now: Date): KeyState {
  if (revoked_at) return "revoked";
  return now < new Date(expires_at) ? "valid" : "expired";
}

/** The key that a caller shows; undefined where it is none of ours, whatever its id. */
export function keyShown(folder: string, secret: string): ApiKey | undefined {
  const [, id] = written.exec(secret) ?? [];
  const key = id === undefined ? undefined : readKey(folder, id);
  return key && timingSafeEqual(hashOf(secret), Buffer.from(key.sha256, "hex")) ? key : undefined;
}

function readKey(folder: string, id: string): ApiKey | undefined {
  const file = fileOf(folder, id);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const key = apiKey.parse(JSON.parse(text));
    if (key.id === id) return key;
  } catch {}
  throw new WaymarkError(
    "CONFIG_INVALID",
    `${file} is no API key as \`waymark keys create\` writes it. Remove it and make another.`,
    { file },
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).flatMap((file) => /^([0-9a-f]{12})\.json$/.exec(file)?.[1] ?? []);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The folder stands in the company's repository, often; who may read that needn't know the keys, nor revoke them. */
function keepFromGit(folder: string): void {
  try {
    writeFileSync(join(folder, ".gitignore"), "*\n", { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // theirs stays as it is
  }
}

/** Aside first, so that nobody reads half a file. */
function write(folder: string, key: ApiKey): void {
  const file = fileOf(folder, key.id);
  writeFileSync(`${file}.new`, `${JSON.stringify(key, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
