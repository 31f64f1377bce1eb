/** The process: settings in, service up, signals, exit code out. */
import { fail, stopOnSignal } from './exit.ts';
import { runService } from './service.ts';

runService(stopOnSignal()).catch(fail);
