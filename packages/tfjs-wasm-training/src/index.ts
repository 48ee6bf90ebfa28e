export { register, unregister } from './register.js';
