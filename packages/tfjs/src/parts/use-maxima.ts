import { DeviceWindows } from '../device/maxima/device-windows.js';
import { liftOnDevice } from '../device/maxima/lift-on-device.js';
import { maximaOnDevice } from './maxima.js';

/**
 * Brings maxima (max-pooling too) to webgl and webgpu: called once, before a model with some is constrained there. Without it such a model trains
 * as well, with a wait for the device in each layer. Not needed with `@police/tfjs/all`.
 */
export function useMaxima(): void {
  maximaOnDevice.bring({
    lift: liftOnDevice,
    windows: (windows, size, constants, name) => new DeviceWindows(windows, size, constants, name),
  });
}
