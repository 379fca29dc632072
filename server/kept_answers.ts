import type { ApolloServerPlugin, GraphQLRequestContext } from "@apollo/server";
import type { DocumentNode, FormattedExecutionResult, GraphQLSchema } from "graphql";
import { LRUCache } from "lru-cache";
import type { Context, Cut } from "../resolvers/context.js";
import { asksForLasting } from "../resolvers/lasting.js";

/** What all answers together may take, and a single one; of a character we count the two bytes that it may need. */
const [mostBytes, mostBytesOfOne] = [64 * 2 ** 20, 8 * 2 ** 20];

type Question = GraphQLRequestContext<Context>;

/**
 * Answers of /graphql as the text that was sent, for whoever asks the same and may see the same: of questions about
 * what lasts as long as its snapshot, and without errors. Before one is given the caller has signed in and isn't above
 * their rate, and the question is one that may be asked; its size was found within the limits when it was answered first.
 */
export class KeptAnswers {
  readonly #kept = new LRUCache<string, Text>({
    maxSize: mostBytes,
    maxEntrySize: mostBytesOfOne,
    sizeCalculation: ({ json }, key) => 2 * (json.length + key.length),
  });
  readonly #lasting = new WeakMap<DocumentNode, boolean>();
  readonly #keys = new WeakMap<Question, string>();

  constructor(private readonly schema: GraphQLSchema) {}

  /** Whether a question need not be executed. */
  has(question: Question): boolean {
    return this.#kept.has(this.#keyOf(question));
  }

  readonly plugin: ApolloServerPlugin<Context> = {
    requestDidStart: async () => ({
      responseForOperation: async (question) => {
        const data = this.#kept.get(this.#keyOf(question));
        question.contextValue.cut.push(...(data?.cut ?? []));
        return data
          ? { http: question.response.http, body: { kind: "single", singleResult: { data } } }
          : null;
      },
      willSendResponse: async (question) => {
        const { body } = question.response;
        const key = this.#keyOf(question);
        if (key === "" || body.kind !== "single") return;
        const { data, errors } = body.singleResult;
        if (errors || !data || data instanceof Text) return;
        const text = new Text(JSON.stringify(data), [...question.contextValue.cut]);
        this.#kept.set(key, text);
        body.singleResult.data = text;
      },
    }),
  };

  #keyOf(question: Question): string {
    const key = this.#keys.get(question) ?? this.#makeKey(question);
    this.#keys.set(question, key);
    return key;
  }

  /**
   * All that decides an answer; empty where more does. Of the caller that is whatever isn't known to be of no effect
   * on what lasts.
   */
  #makeKey({ document, queryHash, request, contextValue }: Question): string {
    const { snapshot, caller, statements } = contextValue;
    // Without `http` it is data that is asked for, not text; and statements are told of what is executed.
    if (!snapshot || !document || !queryHash || !request.http || statements) return "";
    const isLasting = this.#lasting.get(document) ?? asksForLasting(this.schema, document);
    this.#lasting.set(document, isLasting);
    if (!isLasting) return "";
    const { name, isSignedIn, bytesPerRequest, ...rights } = caller;
    const { id, runId } = snapshot;
    try {
      return JSON.stringify([id, runId, rights, queryHash, request.operationName, request.variables]);
    } catch {
      return ""; // variables within variables, deeper than can be written
    }
  }
}

/** The data of an answer as JSON, and which of its views have more rows. */
class Text {
  [key: string]: unknown;
  constructor(
    readonly json: string,
    readonly cut: readonly Cut[],
  ) {}
}

/** An answer as it is sent. */
export function textOf(answer: FormattedExecutionResult): string {
  const { data, ...others } = answer;
  if (!(data instanceof Text)) return `${JSON.stringify(answer)}\n`;
  const rest = JSON.stringify(others).slice(1, -1);
  return `{"data":${data.json}${rest && `,${rest}`}}\n`;
}
