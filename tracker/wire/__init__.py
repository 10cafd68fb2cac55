"""What devices say, understood: topics and payloads -> fixes or named rejections. Pure; bad input never raises."""
