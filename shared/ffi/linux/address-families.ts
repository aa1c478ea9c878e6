/** As Linux numbers them (socket(2)). */
export const addressFamilyIPv4 = 2;
export const addressFamilyIPv6 = 10;
