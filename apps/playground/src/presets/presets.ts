import { BLANK } from '../drawing/drawing.js';
import { DEFAULTS, type Settings, type Start } from '../state/settings.js';

export type PresetName = Exclude<Start, 'new'>;

/** A task that shows what the promise is good for; its networks are stored trained. */
export interface Preset {
  readonly title: string;
  readonly sentence: string;
  /** Those of its stored networks; `steps` is 0, what follows them is counted anew. */
  readonly settings: Settings;
  /** Training steps that are stored. */
  readonly trained: number;
}

const COMMON: Settings = { ...DEFAULTS, drawing: BLANK, width: 32, lines: 'contours' };

/** By purpose, the first one for who opens the page without a link. */
export const PRESETS: Readonly<Record<PresetName, Preset>> = {
  control: {
    title: 'Control law',
    sentence:
      'Thrust by position (across) and speed (up): all or nothing far away, as is fastest, and in the disc around rest a linear law, whose stability is two eigenvalues.',
    settings: {
      ...COMMON,
      target: 'switching',
      regions: [{ kind: 'disc', centre: [0, 0], radius: 1.5 }],
      start: 'control',
    },
    trained: 3000,
  },
  prior: {
    title: 'Physics prior',
    sentence:
      'A pendulum’s acceleration by angle (across) and speed (up). Small swings are linear, so says physics, and in the box so is the left network.',
    settings: {
      ...COMMON,
      target: 'pendulum',
      regions: [
        {
          kind: 'polygon',
          points: [
            [-1.4, -2.6],
            [1.4, -2.6],
            [1.4, 2.6],
            [-1.4, 2.6],
          ],
        },
      ],
      start: 'prior',
    },
    trained: 3000,
  },
  box: {
    title: 'Robust box',
    sentence:
      'Two classes, and a box of inputs that are as good as one another. The score is affine there, so its least value, at a corner, bounds the whole box: no attack to search for.',
    settings: {
      ...COMMON,
      target: 'moons',
      regions: [
        {
          kind: 'polygon',
          points: [
            [-2.6, 1.1],
            [-0.6, 1.1],
            [-0.6, 2.7],
            [-2.6, 2.7],
          ],
        },
      ],
      bends: true,
      start: 'box',
    },
    trained: 3000,
  },
  image: {
    title: 'Image patch',
    sentence:
      'A picture learnt as a function of the place, with an even gradient where a caption goes. By a patch the picture around it stays as it would have been.',
    settings: {
      ...COMMON,
      target: 'landscape',
      method: 'patch',
      steepness: 5,
      lines: 'none',
      regions: [
        {
          kind: 'polygon',
          points: [
            [-3.2, 0.2],
            [0.4, 0.2],
            [0.4, 1.7],
            [-3.2, 1.7],
          ],
        },
      ],
      start: 'image',
    },
    trained: 4000,
  },
};

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[];

/** What makes the networks that are stored: with any of it otherwise there are none. */
const OF_NETWORKS = [
  'target',
  'activation',
  'width',
  'depth',
  'policy',
  'mode',
  'gradient',
  'rate',
  'seed',
] as const;

/** Of settings that start from a preset's networks: the first that these do not have. Regions, method and steepness may be others. */
export const strangerTo = (name: PresetName, settings: Settings): keyof Settings | undefined =>
  OF_NETWORKS.find(key => settings[key] !== PRESETS[name].settings[key]);
