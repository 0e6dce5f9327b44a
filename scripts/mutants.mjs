// scripts/mutants.mjs [WORDS]: breaks Salon in one place after another, and checks that a test fails. With
// WORDS, only faults whose name contains them. Each fault is one replacement, which is then reverted.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

/** Tests of the pure core whose name contains this. */
const native = (filter) => ['cargo', 'test', '--package', 'salon-core', '--target-dir', 'target/native', '--lib', filter];
/** Browser tests whose title matches this. */
const browser = (title) => ['make', 'e2e', `ARGS=-x -g "${title}"`];

const mutants = [
  {
    what: 'a seat that is not freed',
    file: 'crates/core/src/room/leave.rs',
    from: 'self.seats.remove(id);',
    to: '',
    caught: native('room::'),
  },
  {
    what: 'a mute that is not told',
    file: 'crates/core/src/room/presence.rs',
    from: 'Ok(()) => self.tell_others(from, ServerMessage::Presence { from, presence }),',
    to: 'Ok(()) => drop(presence),',
    caught: native('room::'),
  },
  {
    what: 'a wrong caller',
    file: 'crates/core/src/room/signaling.rs',
    from: 'if mine.precedes(theirs) {',
    to: 'if theirs.precedes(mine) {',
    caught: native('room::'),
  },
  {
    what: 'a candidate that is dropped',
    file: 'crates/core/src/call/connection/negotiation.rs',
    from: '        self.send(Signal::Candidate(candidate));\n    }\n',
    to: '        drop(candidate);\n    }\n',
    caught: native('call::'),
  },
  {
    what: 'a lock that is shown under a swapped fingerprint',
    file: 'crates/core/src/call/connection/fingerprints.rs',
    from: '(Some(local), Some(remote)) => {',
    to: '(Some(local), Some(_)) => {\n                let remote = local;',
    caught: native('call::'),
  },
  {
    what: 'a file with a wrong hash that is accepted',
    file: 'crates/core/src/content/files/receiving.rs',
    from: 'if sum.is_none() || sum != self.sum.as_deref() {',
    to: 'if sum.is_none() {',
    caught: native('content::files'),
  },
  {
    what: 'a guest who is let in past the waiting room',
    file: 'crates/core/src/room/admission.rs',
    from: 'Ok(if waiting_room { Admission::Wait } else { Admission::In })',
    to: 'Ok(Admission::In)',
    caught: native('room::'),
  },
  {
    what: 'a recording that stands still',
    file: 'src/platform/browser/recording/picture.rs',
    from: 'match video.filter(|video| video.video_width() > 0) {',
    to: 'match video.filter(|video| video.video_width() > 0 && video.current_time() < 1.0) {',
    caught: browser('a reconnected participant stays in the recording'),
  },
  {
    what: 'a notice that is not announced',
    file: 'src/ui/common/notice_bar.rs',
    from: '<div class="notices" role="status" aria-live="polite">',
    to: '<div class="notices">',
    caught: browser('two people see and hear each other'),
  },
  {
    what: 'a Join button that is dead',
    file: 'src/pages/lobby.rs',
    from: 'false => Request::Join,',
    to: 'false => Request::StopWaiting,',
    caught: browser('two people see and hear each other'),
  },
];

const wanted = process.argv.slice(2).join(' ');
const chosen = mutants.filter(({ what }) => what.includes(wanted));

// Ctrl-C ends the tests, and then this program, after the fault has been reverted.
process.on('SIGINT', () => {});

/** Runs tests, and returns the failed one; undefined if all passed. Any other failure ends the program. */
const failureOf = ([program, ...args]) => {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (error || signal) throw error ?? new Error(`${program} was ended by ${signal}.`);
  if (status === 0) return undefined;
  const failed = `${stdout}${stderr}`.match(/^test \S+ \.\.\. FAILED$|^ *✘.*$|^ *\d+\) .*› .*$/m)?.[0].trim();
  // A fault that does not compile proves nothing.
  if (!failed) throw new Error(`No test failed, but ${program} ${args.join(' ')}:\n${stdout}${stderr}`);
  return failed;
};

// Tests that fail anyway would catch every fault.
for (const tests of new Set(chosen.map(({ caught }) => JSON.stringify(caught)))) {
  const failed = failureOf(JSON.parse(tests));
  if (failed) throw new Error(`It fails before anything is broken: ${failed}`);
}

const survivors = [];
for (const { what, file, from, to, caught } of chosen) {
  const whole = readFileSync(file, 'utf8');
  if (whole.split(from).length !== 2) throw new Error(`${what}: ${file} does not contain this once: ${from}`);
  let failed;
  try {
    writeFileSync(file, whole.replace(from, () => to));
    failed = failureOf(caught);
  } finally {
    writeFileSync(file, whole);
  }
  console.log(failed ? `caught    ${what}: ${failed}` : `SURVIVED  ${what}`);
  if (!failed) survivors.push(what);
}
if (survivors.length) {
  console.error(`Not caught: ${survivors.join('; ')}.`);
  process.exit(1);
}
