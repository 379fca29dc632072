import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type AccessSettings, type Right, type RoleSettings, rights } from "../../config/access.js";
import { didYouMean, WaymarkError } from "../../errors.js";
import { claimsOf } from "../../resolvers/roles.js";
import {
  type ApiKey,
  addressOf,
  createKey,
  keyInAddress,
  readKeys,
  revokeKey,
  stateOf,
} from "../../server/keys.js";
import { assigned, wholeNumber } from "../arguments.js";
import { answer, answerJson, remark, rowsAs } from "../output.js";
import { accessOf, loadProject, optionsOf, queryFolders } from "../project.js";

interface NewKeyFlags {
  name: string;
  role: string;
  scope?: string[];
  days: number;
}

export const keysCommand = (): Command =>
  new Command("keys")
    .description("API keys by which callers of the server sign in, and links: create, link, list, revoke")
    .addHelpText(
      "after",
      "\nKeys are kept beside waymark.yml, hashed, a file for each (access.keys_folder). A server that runs heeds changes at once.",
    )
    .addCommand(createCommand())
    .addCommand(linkCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());

const createCommand = (): Command =>
  new Command("create")
    .description("make a key and show it, this once")
    .requiredOption("--name <name>", "whose it is, or what for; changes of tasks are signed by it")
    .requiredOption("--role <role>", "what it may see: a role of `access.roles` in waymark.yml")
    .addOption(
      new Option(
        "--scope <rights...>",
        "of what the role may do, what the key may: read alone, or write, operate; all by default",
      ).choices(["read", ...rights]),
    )
    .option(
      "--days <days>",
      "how long it is valid, 1 to 3650 days",
      (days) => wholeNumber(days, 1, 3650),
      365,
    )
    .action((_, command: Command) => {
      const { project, json, name, role, scope, days } = optionsOf<NewKeyFlags>(command);
      const { settings, folder } = keysOf(project);
      mustName(role, settings);
      if (name.trim() === "") throw new WaymarkError("BAD_USER_INPUT", "--name: say whose key it is.");
      const narrowed = scope ? rights.filter((right) => scope.includes(right)) : null;
      mustBeOfRole(narrowed, role, settings);
      const { key, secret } = createKey(folder, { name: name.trim(), role, scope: narrowed, days }, now());
      if (json) return answerJson({ ...told(key, settings), key: secret });
      answer(secret);
      remark(
        `${key.name}: the key ${key.id} with the role ${role}, valid until ${day(key.expires_at)}. It is shown this once; send it as \`Authorization: Bearer …\`, or as WAYMARK_KEY to \`waymark … --url\`.`,
      );
      const [claim] = claimsOf(settings.roles[role] as RoleSettings);
      if (claim !== undefined)
        remark(
          `With this key the role ${role} sees no accounts: it takes them from the claim "${claim}" of tokens, and keys have no claims.`,
        );
    });

interface LinkFlags {
  role: string;
  name?: string;
  var?: string[];
  days: number;
  url?: string;
}

const linkCommand = (): Command =>
  new Command("link")
    .description("make a link that shows one saved query, for tools that can't send headers")
    .argument("<file>", "the query and its format, e.g. health-trend.csv")
    .requiredOption("--role <role>", "by whose eyes: a role of `access.roles` in waymark.yml")
    .option("--name <name>", "whose it is, or what for; the file by default")
    .option("--var <name=value...>", "variables of the query; whoever has the link can't change them")
    .option("--days <days>", "how long it is valid, 1 to 365 days", (days) => wholeNumber(days, 1, 365), 30)
    .option("--url <url>", "where the server is reached; this machine by default")
    .addHelpText(
      "after",
      "\nWhoever has the link sees what it shows, so give it on like a password. It is a key that opens this address alone: `keys list` shows it, `keys revoke` ends it.",
    )
    .action(async (file: string, _, command: Command) => {
      const { project, json, role, name, var: given = [], days, url } = optionsOf<LinkFlags>(command);
      const { settings, folder, server } = keysOf(project);
      mustName(role, settings);
      const only = await addressAsked(file, assigned(given), role, settings, project);
      const key = { name: name?.trim() || file, role, scope: [], days, only };
      const { key: made, secret } = createKey(folder, key, now());
      const link = new URL(only, url ?? `http://localhost:${server.port}`);
      link.searchParams.set(keyInAddress, secret);
      if (json) return answerJson({ ...told(made, settings), link: link.href });
      answer(link.href);
      remark(
        `${made.name}: a link with the role ${role}, valid until ${day(made.expires_at)}. It is shown this once; \`waymark keys revoke ${made.id}\` ends it.`,
      );
    });

/**
 * @throws WaymarkError NOT_FOUND for a file, BAD_USER_INPUT for variables, FORBIDDEN for fields, that the server would
 * refuse; what a query makes of hidden columns it tells when it is asked
 */
async function addressAsked(
  file: string,
  variables: Record<string, string[]>,
  role: string,
  settings: AccessSettings,
  project: string,
): Promise<string> {
  // What serves takes a while to load, and few commands need it.
  const { fileNamed, variablesIn } = await import("../../server/exports.js");
  const { loadSavedQueries } = await import("../../server/saved_queries.js");
  const { rootFieldsOf } = await import("../../server/root_fields.js");
  const { callerOf } = await import("../../server/sign_in.js");
  const { createSchema } = await import("../../resolvers/schema.js");
  const { mayAsk } = await import("../../resolvers/gate.js");
  const schema = await createSchema();
  const { query } = fileNamed(file, loadSavedQueries(queryFolders(project), schema));
  const { understood } = variablesIn(variables, query, schema);
  const caller = callerOf(settings, file, role, [], {});
  const closed = rootFieldsOf(schema, query, understood).filter((field) => !mayAsk(field, caller));
  if (closed.length > 0)
    throw new WaymarkError(
      "FORBIDDEN",
      `${file} asks ${closed.join(", ")}, which the role ${role} may not ask by a link, so it would never open. Take another role or query; docs/access.md tells what each may.`,
      { role, fields: closed },
    );
  const parameters = Object.entries(variables).flatMap(([name, values]) =>
    values.map((value): [string, string] => [name, value]),
  );
  return addressOf(`/q/${file}?${new URLSearchParams(parameters)}`);
}

/** @throws WaymarkError BAD_USER_INPUT for a role that isn't named */
function mustName(role: string, settings: AccessSettings): void {
  const roles = Object.keys(settings.roles);
  if (!roles.includes(role))
    throw new WaymarkError(
      "BAD_USER_INPUT",
      `waymark.yml names no role "${role}".${didYouMean(role, roles)}`,
      {
        role,
        known: roles,
      },
    );
}

/** @throws WaymarkError BAD_USER_INPUT for a right that the role lacks: a key only ever has less */
function mustBeOfRole(scope: readonly Right[] | null, role: string, settings: AccessSettings): void {
  const { may = [] } = settings.roles[role] ?? {};
  const lacking = scope?.filter((right) => !may.includes(right)) ?? [];
  if (lacking.length === 0) return;
  const missing = lacking.join(", ");
  throw new WaymarkError(
    "BAD_USER_INPUT",
    `--scope ${missing}: the role ${role} has \`may: [${may.join(", ")}]\` in waymark.yml, and a key may no more than its role. Add ${missing} there, or leave it out here.`,
    { role, may, lacking },
  );
}

const listCommand = (): Command =>
  new Command("list").description("show all keys, the latest first").action((_, command: Command) => {
    const { project, json } = optionsOf(command);
    const { folder, settings } = keysOf(project);
    const keys = readKeys(folder).map((key) => told(key, settings));
    if (json) return answerJson(keys);
    if (keys.length === 0) remark("There are no keys; `waymark keys create` makes one.");
    answer(
      rowsAs(
        "table",
        keys.map(({ id, name, role, isRoleNamed, scope, opens, state, createdAt, expiresAt }) => ({
          id,
          name,
          role: isRoleNamed ? role : `${role} (not in waymark.yml: sees nothing)`,
          scope: scope ? ["read", ...scope].join(" ") : "as its role",
          opens: opens ?? "all that its role may ask",
          state,
          created: day(createdAt),
          expires: day(expiresAt),
        })),
      ),
    );
  });

const revokeCommand = (): Command =>
  new Command("revoke")
    .description("refuse a key from now on, also on servers that run")
    .argument("<id>", "the key, as `waymark keys list` shows it")
    .action((id: string, _, command: Command) => {
      const { project, json } = optionsOf(command);
      const { folder, settings } = keysOf(project);
      const key = revokeKey(folder, id, now());
      if (json) return answerJson(told(key, settings));
      remark(`${key.name}: the key ${key.id} is revoked.`);
    });

function keysOf(project: string) {
  const loaded = loadProject(project);
  const access = accessOf(loaded);
  if (!access)
    throw new WaymarkError(
      "CONFIG_INVALID",
      "waymark.yml has no `access`, so nobody signs in and a key would open nothing. docs/access.md tells how to begin.",
    );
  const folder = resolve(access.folder, access.settings.keys_folder);
  return { settings: access.settings, folder, server: loaded.settings.server };
}

const told = (key: ApiKey, { roles }: AccessSettings) => ({
  id: key.id,
  name: key.name,
  role: key.role,
  isRoleNamed: Object.hasOwn(roles, key.role),
  scope: key.scope,
  opens: key.only,
  state: stateOf(key, now()),
  createdAt: key.created_at,
  expiresAt: key.expires_at,
  revokedAt: key.revoked_at,
});

const day = (instant: string): string => instant.slice(0, 10);
const now = (): Date => new Date();
