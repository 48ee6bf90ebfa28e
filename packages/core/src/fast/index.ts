export { peakMultiplyAdds, useFastProducts } from './fast-products.js';
