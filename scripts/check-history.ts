/** `npm run check-history -- FILE`: whether a right service can have answered as a recorded history says. */
import { fail } from '../server/src/exit.ts';
import { checkHistoryFile } from './check-history/check-history-file.ts';

const says = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};

checkHistoryFile(process.argv.slice(2), says).then((code) => {
  process.exitCode = code;
}, fail);
