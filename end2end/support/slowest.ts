// Reports where the time of a run went: the slowest tests and files, and whether the whole run was within its
// budget.
import type { Reporter, TestCase, TestResult } from '@playwright/test/reporter';
import { basename } from 'node:path';

const SLOWEST = 10;
/** Time budget of the whole suite on two cores, in seconds. */
const BUDGET = 900;

const line = (seconds: number, what: string) => `${seconds.toFixed(1).padStart(7)} s  ${what}`;
const slowest = (seconds: Map<string, number>) =>
  [...seconds].sort(([, one], [, other]) => other - one).slice(0, SLOWEST).map(([what, each]) => line(each, what));

export default class implements Reporter {
  readonly tests = new Map<string, number>();
  readonly files = new Map<string, number>();
  readonly began = performance.now();

  printsToStdio = () => true;

  onTestEnd({ location, title }: TestCase, { duration }: TestResult) {
    const file = basename(location.file, '.spec.ts');
    const add = (to: Map<string, number>, name: string) => to.set(name, (to.get(name) ?? 0) + duration / 1000);
    add(this.tests, `${file}:${location.line} ${title}`);
    add(this.files, file);
  }

  onEnd() {
    const whole = (performance.now() - this.began) / 1000;
    console.log(['', 'The slowest tests:', ...slowest(this.tests), 'The slowest files:', ...slowest(this.files)].join('\n'));
    if (whole <= BUDGET) return;
    const text = `The browser tests took ${whole.toFixed()} s; ${BUDGET} s is their budget.`;
    console.log(process.env['GITHUB_ACTIONS'] ? `::warning::${text}` : `WARNING: ${text}`);
  }
}
