/** Seconds by the clock, and of processor time of this process with all its threads: the second bears neighbours. */
export interface Spent {
  seconds: number;
  cpuSeconds: number;
}

/** Begin to measure; each call of what it answers tells what was spent so far. */
export function stopwatch(): () => Spent {
  const [begun, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
}
