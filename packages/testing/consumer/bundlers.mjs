export const checkBundlers = () => {};
