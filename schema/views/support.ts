import { Float, Int } from "type-graphql";
import { supportMetrics } from "../../models/daily/support_metrics.js";
import { columnOf, countOf, Dimension, Measure, ratioOf, View } from "../view.js";

@View({
  field: "support",
  model: supportMetrics,
  day: "day",
  description:
    "Support: every measure counts on its own day, so what is opened and what is solved in a period need not be the same tickets.",
})
export class SupportView {
  @Dimension(() => String, columnOf(supportMetrics, "channel"))
  channel!: string;

  @Measure(() => Int, countOf(supportMetrics, "tickets_opened"))
  opened!: number;

  @Measure(() => Int, countOf(supportMetrics, "tickets_resolved"))
  resolved!: number;

  @Measure(() => Int, countOf(supportMetrics, "first_replies"))
  firstReplies!: number;

  @Measure(() => Int, countOf(supportMetrics, "replies_due_24h"))
  repliesDue24h!: number;

  @Measure(() => Int, countOf(supportMetrics, "replied_within_24h"))
  repliedWithin24h!: number;

  @Measure(
    () => Float,
    ratioOf(
      "replied_within_24h",
      "replies_due_24h",
      "The 24 h rate: repliedWithin24h / repliesDue24h; null where none is due.",
      "share",
    ),
  )
  repliedWithin24hShare!: number | null;

  @Measure(
    () => Float,
    ratioOf(
      "first_reply_hours_sum",
      "first_replies",
      "Mean hours from opening to first reply over firstReplies; null without any.",
      "hours",
    ),
  )
  firstReplyHoursMean!: number | null;

  @Measure(() => Int, countOf(supportMetrics, "resolved_with_replies_known"))
  resolvedWithRepliesKnown!: number;

  @Measure(() => Int, countOf(supportMetrics, "first_contact_resolutions"))
  firstContactResolutions!: number;

  @Measure(
    () => Float,
    ratioOf(
      "first_contact_resolutions",
      "resolved_with_replies_known",
      "firstContactResolutions / resolvedWithRepliesKnown; null where none is solved.",
      "share",
    ),
  )
  firstContactResolutionShare!: number | null;

  @Measure(() => Int, countOf(supportMetrics, "live_contacts"))
  liveContacts!: number;

  @Measure(() => Int, countOf(supportMetrics, "waits_known"))
  waitsKnown!: number;

  @Measure(() => Int, countOf(supportMetrics, "delayed"))
  delayed!: number;

  @Measure(
    () => Float,
    ratioOf(
      "delayed",
      "waits_known",
      "Help delay: delayed / waitsKnown; null where no wait is known.",
      "share",
    ),
  )
  delayedShare!: number | null;

  @Measure(() => Int, countOf(supportMetrics, "abandonments_known"))
  abandonmentsKnown!: number;

  @Measure(() => Int, countOf(supportMetrics, "abandoned"))
  abandoned!: number;

  @Measure(
    () => Float,
    ratioOf(
      "abandoned",
      "abandonments_known",
      "Abandonment: abandoned / abandonmentsKnown; null where none is known.",
      "share",
    ),
  )
  abandonedShare!: number | null;

  @Measure(() => Int, countOf(supportMetrics, "delights"))
  delights!: number;

  @Measure(() => Int, countOf(supportMetrics, "csat_count"))
  ratings!: number;

  @Measure(
    () => Float,
    ratioOf(
      "csat_sum",
      "csat_count",
      "Mean rating, 1–5, of the ratings given on the day of the solution, else of the opening; null without ratings.",
      "score",
    ),
  )
  csat!: number | null;
}
