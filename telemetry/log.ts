import pino, { type Logger } from "pino";

export type { Logger };

/**
 * One log for all: JSON lines on stderr, each with `level`, `time` (ISO, UTC) and for what happens in Waymark an
 * `event`. Written at once, so that the last words of a process are not lost.
 */
export const openLog = (level: string): Logger =>
  pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    pino.destination({ fd: 2, sync: true }),
  );
