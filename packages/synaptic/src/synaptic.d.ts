/**
 * What of synaptic 1.1.4 this package and its users touch, read from its sources; @types/synaptic describes another
 * version. Only the default import exists in Node.
 */
declare module 'synaptic' {
  namespace synaptic {
    /** The function, or with `derivate` its derivative, at the state x. */
    type Squash = (x: number, derivate?: boolean) => number;

    class Connection {
      ID: number;
      from: Neuron;
      to: Neuron;
      weight: number;
      gain: number;
      gater: Neuron | null;
    }

    class Neuron {
      static squash: Record<'LOGISTIC' | 'TANH' | 'IDENTITY' | 'HLIM' | 'RELU', Squash>;
      ID: number;
      label?: string;
      bias: number;
      squash: Squash;
      state: number;
      activation: number;
      connections: Record<'inputs' | 'projected' | 'gated', Record<string, Connection>>;
      selfconnection: Connection;
      activate(input?: number): number;
      propagate(rate?: number, target?: number): void;
      project(neuron: Neuron, weight?: number): Connection;
      gate(connection: Connection): void;
      selfconnected(): boolean;
    }

    class LayerConnection {
      from: Layer;
      to: Layer;
      type: string;
      /** In the order they were made: all from the first neuron, then all from the next. */
      list: Connection[];
    }

    interface LayerOptions {
      label?: string;
      squash?: Squash;
      /** 0 is ignored. */
      bias?: number;
    }

    class Layer {
      static connectionType: Record<'ALL_TO_ALL' | 'ONE_TO_ONE' | 'ALL_TO_ELSE', string>;
      static gateType: Record<'INPUT' | 'OUTPUT' | 'ONE_TO_ONE', string>;
      constructor(size: number);
      size: number;
      list: Neuron[];
      activate(input?: ArrayLike<number>): number[];
      propagate(rate?: number, target?: ArrayLike<number>): void;
      project(to: Layer | Network, type?: string, weight?: number): LayerConnection | undefined;
      gate(connection: LayerConnection, type: string): void;
      set(options: LayerOptions): this;
      clear(): void;
      reset(): void;
      neurons(): Neuron[];
    }

    interface Layers {
      input: Layer;
      hidden: Layer[];
      output: Layer;
    }

    interface NeuronJSON {
      bias: number;
      layer: 'input' | 'output' | number;
      /** null for a function that is not the library's, which `fromJSON` then takes for LOGISTIC. */
      squash: 'LOGISTIC' | 'TANH' | 'IDENTITY' | 'HLIM' | 'RELU' | null;
      [state: string]: unknown;
    }

    interface ConnectionJSON {
      from: number;
      to: number;
      weight: number;
      gater: number | null;
    }

    interface NetworkJSON {
      neurons: NeuronJSON[];
      connections: ConnectionJSON[];
    }

    class Network {
      constructor(layers?: Partial<Layers>);
      layers: Layers;
      /** null: to be optimised at the next use; false: never. */
      optimized: object | false | null;
      activate(input: ArrayLike<number>): number[];
      propagate(rate: number | undefined, target: ArrayLike<number>): void;
      project(unit: Layer | Network, type?: string, weight?: number): LayerConnection | undefined;
      gate(connection: LayerConnection, type: string): void;
      clear(): void;
      reset(): void;
      optimize(): void;
      /** Copies what the optimised function has learnt to the neurons. */
      restore(): void;
      setOptimize(optimize: boolean): void;
      set(layers: Partial<Layers>): void;
      neurons(): { neuron: Neuron; layer: 'input' | 'output' | number }[];
      inputs(): number;
      outputs(): number;
      toJSON(ignoreTraces?: boolean): NetworkJSON;
      toDot(edgeConnection?: boolean): { code: string; link: string };
      standalone(): (input: ArrayLike<number>) => number[];
      worker(memory: Float64Array, set: readonly Sample[], options?: TrainerOptions): unknown;
      clone(): Network;
      static fromJSON(json: NetworkJSON): Network;
    }

    interface Sample {
      input: ArrayLike<number>;
      output: ArrayLike<number>;
    }

    type Cost = (target: ArrayLike<number>, output: ArrayLike<number>) => number;

    interface TrainerOptions {
      /** @defaultValue 0.2 */
      rate?: number | number[] | ((iterations: number, error: number) => number);
      /** Passes over the set. @defaultValue 100000 */
      iterations?: number;
      /** Training stops at this error. @defaultValue 0.005 */
      error?: number;
      cost?: Cost;
      crossValidate?: { testSize: number; testError: number } | null;
    }

    interface TrainOptions extends TrainerOptions {
      log?: number | false;
      /** Shuffles the set in place, after every pass. */
      shuffle?: boolean;
      schedule?: {
        every: number;
        /** Truthy: stop. */
        do: (state: { error: number; iterations: number; rate: number }) => unknown;
      };
    }

    interface TrainResult {
      error: number;
      iterations: number;
      /** Milliseconds. */
      time: number;
    }

    class Trainer {
      static cost: Record<'CROSS_ENTROPY' | 'MSE' | 'BINARY', Cost>;
      constructor(network: Network, options?: TrainerOptions);
      train(set: Sample[], options?: TrainOptions): TrainResult;
      trainAsync(set: Sample[], options?: TrainOptions): Promise<TrainResult>;
      test(set: readonly Sample[], options?: { cost?: Cost }): { error: number; time: number };
    }

    const Architect: {
      Perceptron: new (...sizes: number[]) => Network;
      LSTM: new (...sizes: number[]) => Network;
      Liquid: new (
        inputs: number,
        hidden: number,
        outputs: number,
        connections: number,
        gates: number,
      ) => Network;
      Hopfield: new (
        size: number,
      ) => Network & { learn(patterns: number[][]): TrainResult; feed(pattern: number[]): number[] };
    };
  }
  // Only the default import exists in Node.
  export default synaptic;
}
