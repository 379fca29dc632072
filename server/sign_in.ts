import { resolve } from "node:path";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import { type AccessSettings, isLoopback, type Right, rights } from "../config/access.js";
import { WaymarkError } from "../errors.js";
import type { Caller } from "../resolvers/context.js";
import { type Claims, scopeOf } from "../resolvers/roles.js";
import { httpStatusOf } from "./errors.js";
import { type ApiKey, addressOf, keyInAddress, keyShown, looksLikeKey, stateOf } from "./keys.js";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether a route answers strangers; none does unless it says so. */
    isOpen?: boolean;
  }
}

/** How callers sign in; a part of `waymark.yml`, and the folder that it stands in. */
export interface Access {
  readonly settings: AccessSettings;
  readonly folder: string;
  /** After so long the issuer's keys are asked for again where a token names another; 30 s by default. */
  readonly rotationMs?: number;
}

/** What a request asks for, and whether that is where its key stands: in a link. */
export interface Asked {
  readonly address: string;
  readonly isLink: boolean;
}

/**
 * Who asks, by the request's `authorization`; a key that opens one address alone is good for no other.
 * @throws WaymarkError UNAUTHENTICATED for a stranger, FORBIDDEN for a role that isn't named, SIGN_IN_UNAVAILABLE where
 * the issuer's keys can't be read
 */
export type SignIn = (authorization: string | undefined, asked?: Asked) => Promise<Caller>;

export function signInBy({ settings, folder, rotationMs }: Access, now: () => Date): SignIn {
  const keysFolder = resolve(folder, settings.keys_folder);
  const { jwt } = settings;
  const issuerKeys =
    jwt &&
    createRemoteJWKSet(new URL(jwt.jwks_url), {
      ...(rotationMs === undefined ? {} : { cooldownDuration: rotationMs }),
    });

  const byKey = (secret: string, asked: Asked | undefined): Caller => {
    const key = keyShown(keysFolder, secret);
    if (!key) throw stranger("This API key is none of this server's, or was mistyped.");
    const over = endOf(key, now());
    if (over) throw stranger(over);
    if (key.only === null && asked?.isLink) throw stranger(notInAddresses);
    if (key.only !== null && key.only !== asked?.address)
      throw stranger(`This key is that of a link: it opens ${key.only} and nothing else.`);
    return callerOf(settings, key.name, key.role, key.scope, {});
  };

  const byToken = async (token: string): Promise<Caller> => {
    if (!jwt || !issuerKeys) throw stranger("This server takes API keys alone: wmk_…");
    const { payload } = await jwtVerify(token, issuerKeys, {
      issuer: jwt.issuer,
      audience: jwt.audience,
      algorithms,
      requiredClaims: ["exp", "sub"],
      currentDate: now(),
    }).catch((error: unknown) => {
      throw refusalOf(error);
    });
    const claimed = [payload[jwt.role_claim]].flat().filter((role) => typeof role === "string");
    const role = Object.keys(settings.roles).find((name) => claimed.includes(name));
    return callerOf(settings, String(payload.sub), role ?? claimed.join(", "), null, payload);
  };

  return async (authorization, asked) => {
    const [, credential] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    if (credential === undefined)
      throw stranger(
        "Who asks? Send the header `Authorization: Bearer …` with an API key or a token; docs/access.md tells how to get one.",
      );
    if (looksLikeKey(credential)) return byKey(credential, asked);
    if (asked?.isLink) throw stranger(notInAddresses);
    return byToken(credential);
  };
}

/** Refuse to be reached by others where nobody signs in. @throws WaymarkError CONFIG_INVALID */
export function mustSignInBeyond(host: string, access: Access | undefined): void {
  if (access || isLoopback(host)) return;
  throw new WaymarkError(
    "CONFIG_INVALID",
    `Without sign-in the server listens on this machine alone, and ${host} can be reached from others. Say in waymark.yml who may ask (\`access\`, see docs/access.md), or leave the host at 127.0.0.1.`,
    { host },
  );
}

/**
 * Nobody passes but who signs in, on whichever route, unless the route says that it is open.
 * @returns the caller of a request that has passed
 */
export function admit(app: FastifyInstance, signIn: SignIn | undefined, local: Caller) {
  const callers = new WeakMap<FastifyRequest, Caller>();
  app.addHook("onRequest", async (request, reply) => {
    try {
      // A page of elsewhere may call itself by a name that leads to this machine; its requests bear that name.
      if (!signIn && !isLoopback(request.hostname))
        throw new WaymarkError(
          "FORBIDDEN",
          `Without sign-in the server answers to localhost, not to "${request.hostname}".`,
        );
      if (request.routeOptions.config.isOpen) return;
      callers.set(request, signIn ? await signIn(...shownBy(request)) : local);
    } catch (error) {
      return refuse(reply, error, request.headers.authorization !== undefined);
    }
  });
  return (request: FastifyRequest): Caller => {
    const caller = callers.get(request);
    if (!caller) throw stranger("Nobody has signed in.");
    return caller;
  };
}

/** What a request shows: a header, or the key in a link. Keys that open more than one address don't belong into any. */
function shownBy({ headers, query, url }: FastifyRequest): [authorization: string | undefined, asked: Asked] {
  const address = addressOf(url);
  const { [keyInAddress]: key } = query as Record<string, unknown>;
  return headers.authorization === undefined && typeof key === "string"
    ? [`Bearer ${key}`, { address, isLink: true }]
    : [headers.authorization, { address, isLink: false }];
}

const notInAddresses =
  "An address is written down in many places: send keys and tokens in the header `Authorization`. `waymark keys link` makes a link that opens one address alone.";

/** Answer that a request isn't, in the shape that GraphQL's errors have. */
export function refuse(reply: FastifyReply, error: unknown, hasTried = true): FastifyReply {
  const known = error instanceof WaymarkError ? error : undefined;
  const status = httpStatusOf(known?.code);
  if (status >= 500) reply.log.error(error);
  if (status === 401)
    reply.header("www-authenticate", `Bearer realm="waymark"${hasTried ? ', error="invalid_token"' : ""}`);
  if (status === 503) reply.header("retry-after", "5");
  const told =
    known && status !== 500
      ? { message: known.message, extensions: { code: known.code } }
      : {
          message: "Something went wrong; the server's log says what.",
          extensions: { code: "INTERNAL_SERVER_ERROR" },
        };
  return reply.code(status).send({ errors: [told] });
}

/** What is signed by a secret that both share is none of an issuer's: whoever verifies could sign as well. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

const stranger = (why: string): WaymarkError => new WaymarkError("UNAUTHENTICATED", why);

/** Why a key is good no longer, for who holds it: of a link they may not know that there is a key in it. */
function endOf(key: ApiKey, now: Date): string | undefined {
  const state = stateOf(key, now);
  if (state === "valid") return undefined;
  const end = state === "revoked" ? key.revoked_at : key.expires_at;
  const ended = `${state === "revoked" ? "was revoked" : "expired"} on ${end?.slice(0, 10)}`;
  return key.only === null
    ? `The API key "${key.name}" ${ended}. Ask whoever runs this server for another.`
    : `This link ${ended}. Ask whoever gave it for a new one.`;
}

/** What a role may, of that what the key may. @throws WaymarkError FORBIDDEN for a role that isn't named */
export function callerOf(
  { roles }: AccessSettings,
  name: string,
  role: string,
  scope: readonly Right[] | null,
  claims: Claims,
): Caller {
  const named = Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (!named)
    throw new WaymarkError(
      "FORBIDDEN",
      `${name} has ${role ? `the role "${role}"` : "no role"}, which sees nothing here: waymark.yml names no such role.`,
    );
  const [mayWrite, mayOperate] = rights.map(
    (right) => named.may.includes(right) && (scope === null || scope.includes(right)),
  ) as [boolean, boolean];
  return {
    name,
    isSignedIn: true,
    sees: scopeOf(named, claims),
    mayWrite,
    mayOperate,
    ...(named.maximum_bytes_per_request === undefined
      ? {}
      : { bytesPerRequest: named.maximum_bytes_per_request }),
  };
}

function refusalOf(error: unknown): WaymarkError {
  if (error instanceof errors.JWTExpired) return stranger("The token has expired. Sign in again.");
  if (error instanceof errors.JWTClaimValidationFailed)
    return stranger(`The token is not for this server: its claim ${error.claim} is not what is expected.`);
  const isOfToken =
    error instanceof errors.JOSEError &&
    !(error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid) &&
    error.code !== errors.JOSEError.code;
  if (isOfToken) return stranger("The token can't be verified.");
  return new WaymarkError(
    "SIGN_IN_UNAVAILABLE",
    "The sign-in service's keys can't be read now. Try again in a while.",
    {},
    { cause: error },
  );
}
