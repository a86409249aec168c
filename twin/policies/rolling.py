from twin.policies.insertion import insertion as rolling
