/** `npm run check-history -- FILE`: whether a right service can have answered as a recorded history says. */
import { checkHistoryFile } from './check-history/check-history-file.ts';
import { runCommand } from './support/command.ts';

await runCommand(checkHistoryFile);
