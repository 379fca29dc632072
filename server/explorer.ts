import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { FastifyInstance } from "fastify";

const require = createRequire(import.meta.url);

/** What a newcomer should try first. */
export const firstQuery = `# The unhealthy accounts with the most money at stake, and what their scores are made of.
{
  accounts(filter: { band: [POOR] }, orderBy: { field: MRR, direction: DESC }, first: 3) {
    nodes {
      name mrr
      stage { name days isStuck }
      milestones { name status daysToReach }
      health { score coverage cap { name atMost } indicators { name value unit points contribution } }
    }
  }
}
`;

/** A file of a package, also where its `exports` don't name it. */
const fileOf = (name: string, file: string): string =>
  join(dirname(require.resolve(`${name}/package.json`)), file);

const assets: Record<string, { file: string; type: string }> = {
  "react.js": { file: fileOf("react", "umd/react.production.min.js"), type: "text/javascript" },
  "react-dom.js": { file: fileOf("react-dom", "umd/react-dom.production.min.js"), type: "text/javascript" },
  "graphiql.js": { file: fileOf("graphiql", "graphiql.min.js"), type: "text/javascript" },
  "graphql-sse.js": { file: fileOf("graphql-sse", "umd/graphql-sse.min.js"), type: "text/javascript" },
  "graphiql.css": { file: fileOf("graphiql", "graphiql.min.css"), type: "text/css" },
};

const page = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Waymark</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="/explorer/graphiql.css">
    <link rel="stylesheet" href="/explorer/page.css">
  </head>
  <body>
    <div id="explorer">Loading …</div>
    <script src="/explorer/react.js"></script>
    <script src="/explorer/react-dom.js"></script>
    <script src="/explorer/graphiql.js"></script>
    <script src="/explorer/graphql-sse.js"></script>
    <script src="/explorer/page.js"></script>
  </body>
</html>
`;

const style = "html, body, #explorer { height: 100%; margin: 0 }";

/** Subscriptions go where they are answered, by a client that GraphiQL takes in place of one for WebSockets. */
const script = `const fetcher = (question, options) =>
  GraphiQL.createFetcher({
    url: "/graphql",
    wsClient: graphqlSse.createClient({ url: "/graphql/stream", headers: options?.headers, retryAttempts: 0 }),
  })(question, options);
ReactDOM.createRoot(document.getElementById("explorer")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: ${JSON.stringify(firstQuery)}, defaultEditorToolsVisibility: false }),
);
`;

/** GraphiQL at \`/\`, from files of this installation: nothing is loaded from elsewhere. */
export function serveExplorer(app: FastifyInstance): void {
  app.addHook("onSend", async (request, reply) => {
    const { url = "" } = request.routeOptions; // without what stands behind the path
    if (url === "/" || url.startsWith("/explorer/")) {
      reply.header(
        "content-security-policy",
        "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; img-src 'self' data:",
      );
    }
  });
  const isOpen = { config: { isOpen: true } }; // the page itself tells nothing of the company
  app.get("/", isOpen, (_, reply) => reply.type("text/html; charset=utf-8").send(page));
  app.get("/explorer/page.js", isOpen, (_, reply) => reply.type("text/javascript").send(script));
  app.get("/explorer/page.css", isOpen, (_, reply) => reply.type("text/css").send(style));
  for (const [name, { file, type }] of Object.entries(assets)) {
    app.get(`/explorer/${name}`, isOpen, (_, reply) => reply.type(type).send(readFileSync(file)));
  }
}
