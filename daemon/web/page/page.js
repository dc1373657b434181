// Drawbridge
