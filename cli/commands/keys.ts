import { resolve } from "node:path";
import { Command, Option } from "commander";
import { type AccessSettings, rights } from "../../config/access.js";
import { didYouMean, WaymarkError } from "../../errors.js";
import { type ApiKey, createKey, readKeys, revokeKey, stateOf } from "../../server/keys.js";
import { wholeNumber } from "../arguments.js";
import { answer, answerJson, remark, rowsAs } from "../output.js";
import { accessOf, loadProject, optionsOf } from "../project.js";

interface NewKeyFlags {
  name: string;
  role: string;
  scope?: string[];
  days: number;
}

export const keysCommand = (): Command =>
  new Command("keys")
    .description("API keys by which callers of the server sign in: create, list, revoke")
    .addHelpText(
      "after",
      "\nKeys are kept beside waymark.yml, hashed, a file for each (access.keys_folder). A server that runs heeds changes at once.",
    )
    .addCommand(createCommand())
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
      const roles = Object.keys(settings.roles);
      if (!roles.includes(role))
        throw new WaymarkError(
          "BAD_USER_INPUT",
          `waymark.yml names no role "${role}".${didYouMean(role, roles)}`,
          { role, known: roles },
        );
      if (name.trim() === "") throw new WaymarkError("BAD_USER_INPUT", "--name: say whose key it is.");
      const narrowed = scope ? rights.filter((right) => scope.includes(right)) : null;
      const { key, secret } = createKey(folder, { name: name.trim(), role, scope: narrowed, days }, now());
      if (json) return answerJson({ ...told(key), key: secret });
      answer(secret);
      remark(
        `${key.name}: the key ${key.id} with the role ${role}, valid until ${day(key.expires_at)}. It is shown this once; send it as \`Authorization: Bearer …\`, or as WAYMARK_KEY to \`waymark … --url\`.`,
      );
    });

const listCommand = (): Command =>
  new Command("list").description("show all keys, the latest first").action((_, command: Command) => {
    const { project, json } = optionsOf(command);
    const keys = readKeys(keysOf(project).folder).map(told);
    if (json) return answerJson(keys);
    if (keys.length === 0) remark("There are no keys; `waymark keys create` makes one.");
    answer(
      rowsAs(
        "table",
        keys.map(({ id, name, role, scope, state, createdAt, expiresAt }) => ({
          id,
          name,
          role,
          scope: scope ? ["read", ...scope].join(" ") : "as its role",
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

function keysOf(project: string): { settings: AccessSettings; folder: string } {
  const access = accessOf(loadProject(project));
  if (!access)
    throw new WaymarkError(
      "CONFIG_INVALID",
      "waymark.yml has no `access`, so nobody signs in and a key would open nothing. docs/access.md tells how to begin.",
    );
  return { settings: access.settings, folder: resolve(access.folder, access.settings.keys_folder) };
}

const told = (key: ApiKey) => ({
  id: key.id,
  name: key.name,
  role: key.role,
  scope: key.scope,
  state: stateOf(key, now()),
  createdAt: key.created_at,
  expiresAt: key.expires_at,
  revokedAt: key.revoked_at,
});

const day = (instant: string): string => instant.slice(0, 10);
const now = (): Date => new Date();
