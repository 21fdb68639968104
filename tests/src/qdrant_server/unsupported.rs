/// A service of which only some calls are answered: those that are written out.
macro_rules! service {
    ($service:path, $of:ty, { $($answered:item)* }, $($name:ident($request:ty) -> $response:ty),* $(,)?) => {
        #[tonic::async_trait]
        impl $service for $of {
            $($answered)*

            $(async fn $name(&self, _: tonic::Request<$request>) -> Result<tonic::Response<$response>, tonic::Status> {
                Err(tonic::Status::unimplemented(stringify!($name)))
            })*
        }
    };
}

pub(super) use service;
