import { startPainting } from '../picture/painter.js';
import { startTraining } from './trainer.js';

// One script for both threads, so that it is loaded once.
if (self.name === 'painter') startPainting();
else startTraining();
