import { execFileSync } from "node:child_process";

/** The command line is tested as a user has it: compiled, as it starts three times as fast then; so are processes of the tests. Once for all. `npm run check` checks types. */
export const setup = (): void => {
  execFileSync("npx", ["tsc", "-b", "tsconfig.build.json", "tsconfig.client.json", "--noCheck"], {
    stdio: "inherit",
  });
};
