"""Events that come by MQTT."""
