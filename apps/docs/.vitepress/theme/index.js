import theme from 'vitepress/theme-without-fonts';
import { h } from 'vue';
import picture from '../../../../docs/figures/regression-sticky.png';
import './site.css';

const alt =
  'Networks trained on three targets, affine on a triangle, an octagon and a circle; enlarged, the lines of equal value inside are straight and evenly spaced';

export default {
  ...theme,
  Layout: () =>
    h(theme.Layout, null, {
      'home-hero-image': () => h('img', { class: 'home-picture', src: picture, alt }),
    }),
};
