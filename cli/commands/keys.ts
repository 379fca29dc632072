import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type AccessSettings, rights } from "../../config/access.js";
import { didYouMean, WaymarkError } from "../../errors.js";
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
      const { key, secret } = createKey(folder, { name: name.trim(), role, scope: narrowed, days }, now());
      if (json) return answerJson({ ...told(key), key: secret });
      answer(secret);
      remark(
        `${key.name}: the key ${key.id} with the role ${role}, valid until ${day(key.expires_at)}. It is shown this once; send it as \`Authorization: Bearer …\`, or as WAYMARK_KEY to \`waymark … --url\`.`,
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
      const only = await addressAsked(file, assigned(given), project);
      const key = { name: name?.trim() || file, role, scope: [], days, only };
      const { key: made, secret } = createKey(folder, key, now());
      const link = new URL(only, url ?? `http://localhost:${server.port}`);
      link.searchParams.set(keyInAddress, secret);
      if (json) return answerJson({ ...told(made), link: link.href });
      answer(link.href);
      remark(
        `${made.name}: a link with the role ${role}, valid until ${day(made.expires_at)}. It is shown this once; \`waymark keys revoke ${made.id}\` ends it.`,
      );
    });

/** @throws WaymarkError NOT_FOUND for a file, BAD_USER_INPUT for variables, that the server would refuse */
async function addressAsked(
  file: string,
  variables: Record<string, string[]>,
  project: string,
): Promise<string> {
  // What serves takes a while to load, and few commands need it.
  const { fileNamed } = await import("../../server/exports.js");
  const { loadSavedQueries, variablesOf } = await import("../../server/saved_queries.js");
  const { createSchema } = await import("../../resolvers/schema.js");
  const { query } = fileNamed(file, loadSavedQueries(queryFolders(project), await createSchema()));
  variablesOf(query.operation, variables);
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

const listCommand = (): Command =>
  new Command("list").description("show all keys, the latest first").action((_, command: Command) => {
    const { project, json } = optionsOf(command);
    const keys = readKeys(keysOf(project).folder).map(told);
    if (json) return answerJson(keys);
    if (keys.length === 0) remark("There are no keys; `waymark keys create` makes one.");
    answer(
      rowsAs(
        "table",
        keys.map(({ id, name, role, scope, opens, state, createdAt, expiresAt }) => ({
          id,
          name,
          role,
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
      const key = revokeKey(keysOf(project).folder, id, now());
      if (json) return answerJson(told(key));
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

const told = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  role: key.role,
  scope: key.scope,
  opens: key.only,
  state: stateOf(key, now()),
  createdAt: key.created_at,
  expiresAt: key.expires_at,
  revokedAt: key.revoked_at,
});

const day = (instant: string): string => instant.slice(0, 10);
const now = (): Date => new Date();
