// Everything of '@police/tfjs', nothing of it left for later: for Node, and pages that use most of it.
import { useDemands } from './parts/use-demands.js';
import { useFading } from './parts/use-fading.js';
import { useMaxima } from './parts/use-maxima.js';
import { usePatches } from './parts/use-patches.js';
import { useSavedModels } from './parts/use-saved-models.js';
import { useSmoothActivations } from './parts/use-smooth-activations.js';

useDemands();
useFading();
useMaxima();
usePatches();
useSavedModels();
useSmoothActivations();

export * from './index.js';
